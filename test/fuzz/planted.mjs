/** Faults that the fuzzers must find: each a change to one file of assembly/. If the text to change is gone, this says so. */
export const plantedFaults = [
  {
    name: "an overflow inside linear memory: a list's own length is trusted",
    target: "keys",
    file: "responses.ts",
    from: "const there = min<u32>(length, wholeLength) - Size.PERSISTENT_RESERVE_IN_HEADER;",
    to: "const there = min<u32>(65536, wholeLength) - Size.PERSISTENT_RESERVE_IN_HEADER; length;",
  },
  {
    name: "a wild pointer: a descriptor's length becomes part of an address",
    target: "sense",
    file: "sense.ts",
    from: "const size: u32 = 2 + <u32>get(base, SenseDescriptorHeader.ADDITIONAL_LENGTH);",
    to: "const size: u32 = 2 + <u32>get(base, SenseDescriptorHeader.ADDITIONAL_LENGTH); load<u8>(base + (size << 24));",
  },
];
