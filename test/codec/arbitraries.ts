/** What the properties of this folder are tried with: bytes that are nearly right, and values of every kind. */
import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { type ReservationType, reservationTypeNames, reservationTypes, type TransportId } from "../../src/index.ts";
import { hexBytes, type Kind, parseCases } from "../golden/markdown.ts";

const goldenFolder = new URL("../golden/", import.meta.url);
const goldenCases = readdirSync(goldenFolder)
  .filter((file) => file.endsWith(".md") && file !== "README.md")
  .flatMap((file) => parseCases(file, readFileSync(new URL(file, goldenFolder), "utf8")));

/** The golden bytes of some kinds: true to life, and short. */
export function goldenBytes(...kinds: Kind[]): Uint8Array[] {
  return goldenCases
    .flatMap(({ blocks }) =>
      kinds.filter((kind) => blocks.has(kind)).map((kind) => hexBytes(blocks.get(kind) as string)),
    )
    .filter(({ length }) => length < 1000);
}

interface Damage {
  readonly at: number;
  readonly value: number;
}

/** Real bytes with some of them changed, cut anywhere, or with something behind them. */
export function damaged(seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const damage: fc.Arbitrary<Damage> = fc.record({
    at: fc.nat(999),
    value: fc.oneof(fc.constantFrom(0, 1, 7, 8, 0x7f, 0x80, 0xff), fc.nat(255)),
  });
  return fc
    .record({
      seed: fc.constantFrom(...seeds),
      damages: fc.array(damage, { maxLength: 3 }),
      cut: fc.option(fc.nat(999), { freq: 3 }),
      tail: fc.uint8Array({ maxLength: 12 }),
    })
    .map(({ seed, damages, cut, tail }) => {
      const bytes = Uint8Array.from([...seed.subarray(0, cut ?? seed.length), ...(cut === null ? tail : [])]);
      // Most mistakes are made with lengths, and lengths stand at the front.
      for (const { at, value } of damages) if (bytes.length > 0) bytes[at % Math.min(bytes.length, 64)] = value;
      return bytes;
    });
}

/** Bytes of no form at all. */
export const anyBytes: fc.Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 300 });

/** Every 64-bit value, its ends more often than their share. */
export const key: fc.Arbitrary<bigint> = fc.oneof(
  { weight: 4, arbitrary: fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0n, 1n, 0x7fff_ffff_ffff_ffffn, 0x8000_0000_0000_0000n, 0xffff_ffff_ffff_ffffn),
  },
);
export const nonZeroKey: fc.Arbitrary<bigint> = key.filter((value) => value !== 0n);
export const reservationType: fc.Arbitrary<ReservationType> = fc.constantFrom(...reservationTypeNames);
export const typeCode: fc.Arbitrary<number> = reservationType.map((type) => reservationTypes[type]);
export const generation: fc.Arbitrary<number> = fc.nat(0xffff_ffff);
export const port: fc.Arbitrary<number> = fc.nat(0xffff);

/** iSCSI names: of every length that is allowed, and not of ASCII alone. */
export const iscsiName: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom("iqn.2026-01.com.example:", "eui.", "naa."),
    fc.string({
      unit: fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz0123456789.-:_") },
        { weight: 1, arbitrary: fc.constantFrom("ä", "ß", "é", "ж", "名", "前", "디", "스", "크", "💾") },
      ),
      maxLength: 199,
    }),
  )
  .map((parts) => parts.join(""))
  .filter((name) => new TextEncoder().encode(name).length <= 223);

/** TransportIDs of every protocol, and one that has no form here. */
export const transportId: fc.Arbitrary<TransportId> = fc.oneof(
  fc.record({ protocol: fc.constant("iscsi" as const), name: iscsiName }),
  fc.record({ protocol: fc.constant("iscsi" as const), name: iscsiName, isid: fc.bigInt(0n, 2n ** 48n - 1n) }),
  fc.record({ protocol: fc.constant("sas" as const), address: key }),
  fc.record({ protocol: fc.constant("fcp" as const), portName: key }),
  fc.record({ protocol: fc.constant("sbp" as const), eui64: key }),
  fc.record({ protocol: fc.constant("srp" as const), portIdentifier: fc.bigInt(0n, 2n ** 128n - 1n) }),
  fc.record({ protocol: fc.constant("spi" as const), scsiAddress: port, relativeTargetPort: port }),
  fc.record({ protocol: fc.constant("sop" as const), routingId: port }),
  fc.uint8Array({ minLength: 24, maxLength: 24 }).map((bytes) => {
    bytes[0] = 0x02;
    return { protocol: "opaque" as const, protocolIdentifier: 2, bytes };
  }),
);
