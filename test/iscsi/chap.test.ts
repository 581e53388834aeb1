/** CHAP: responses against values made elsewhere, binary values both ways, and what must be refused. */
import { expect, test } from "vitest";
import {
  chapAlgorithm,
  chapAlgorithms,
  chapChallenge,
  chapNumber,
  chapResponse,
  decodeBinary,
  encodeBinary,
  sameResponse,
} from "../../transports/iscsi/chap.ts";

const challenge = Uint8Array.from({ length: 16 }, (_, index) => 0xf0 + index);

// Made with Python 3.11: hashlib.new(name, bytes([0x27]) + b"TopSecretPass12" + bytes(range(0xf0, 0x100))).hexdigest(),
// the formula of RFC 1994 4.1.
test.each([
  ["md5", 5, "0x8b856f423d75fe5e80d5215f7d44fe80"],
  ["sha1", 6, "0xfb211ff0861e34e011604707e94cf50871d0b1d0"],
  ["sha-256", 7, "0x0e3f2b91845b22b6d91664cb2d40de9addcba296f15dc83bb5495cd6cce1577a"],
  ["sha3-256", 8, "0x4adf48cf5ecc03b3693bcc0da1c82e5b86e98560bf86e56133cc66bc7fbc8f78"],
] as const)("the response by %s, which is CHAP_A %i, is the one computed elsewhere", (algorithm, number, response) => {
  expect(encodeBinary(chapResponse(algorithm, 0x27, "TopSecretPass12", challenge))).toBe(response);
  expect(chapNumber(algorithm)).toBe(number);
  expect(chapAlgorithm(String(number))).toBe(algorithm);
});

test("the strongest digest is offered first, and MD5 before the number that tgtd misreads", () => {
  expect(chapAlgorithms.map(chapNumber)).toEqual([8, 5, 7, 6]);
  expect(chapAlgorithm("4")).toBeUndefined();
  expect(chapAlgorithm("05")).toBeUndefined();
});

test("our challenges are as long as the digest, and differ", () => {
  expect(chapAlgorithms.map((name) => chapChallenge(name).challenge.length)).toEqual([32, 16, 32, 20]);
  expect(chapChallenge("md5").challenge).not.toEqual(chapChallenge("md5").challenge);
});

test.each([
  ["0x00ff", [0, 255]],
  ["0XabCD", [0xab, 0xcd]],
  ["0xfff", [0x0f, 0xff]],
  ["0bAP8=", [0, 255]],
  ["0BAQID", [1, 2, 3]],
])("%s is read as bytes %j", (text, bytes) => {
  expect(Array.from(decodeBinary("CHAP_C", text))).toEqual(bytes);
});

test.each(["", "0x", "0b", "ff", "0xzz", "0bAP8", "0b!!!!", `0x${"00".repeat(1025)}`])(
  "%j is no binary value, and the error does not quote it",
  (text) => {
    expect(() => decodeBinary("CHAP_C", text)).toThrow(
      "Malformed key from the target: CHAP_C is not a binary value of 1 to 1024 bytes",
    );
  },
);

test("responses are the same only if every byte is", () => {
  expect(sameResponse(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
  expect(sameResponse(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
  expect(sameResponse(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
});
