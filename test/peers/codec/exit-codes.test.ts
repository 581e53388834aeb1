/** The exit codes of sg3_utils beside its own library: sg_err_category_sense, for every sense key and additional sense code. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { exitCodes } from "../../../cli/exit-codes.ts";
import { elsewhere } from "../../../src/explain.ts";
import { failureOf } from "../../../src/failure.ts";
import { commands } from "../../../src/index.ts";
import { digits, type Sgutils, sgutils } from "./sgutils.ts";

let library: Sgutils;
beforeAll(async () => {
  library = await sgutils();
});
afterAll(() => library[Symbol.asyncDispose]());

/** All but RECOVERED ERROR and COMPLETED, which are no errors here, and Ch, which is reserved. */
const senseKeys = [0x0, 0x2, 0x3, 0x4, 0x5, 0x6, 0x7, 0x8, 0x9, 0xa, 0xb, 0xd, 0xe];
const qualifiers = [0x00, 0x01, 0x04, 0x0b, 0x0c, 0xff];

/** What newer releases of sg3_utils have codes of their own for (include/sg_lib.h); 1.46, which Debian 12 has, takes the wide one. */
const newer = new Map([
  ["2 4 b", [2, 12]],
  ["2 4 c", [2, 13]],
  ["5 26 0", [5, 19]],
]);

test("20 000 kinds of sense data have the library's category as exit code, in both formats", async () => {
  const all = senseKeys.flatMap((key) =>
    Array.from({ length: 256 }, (_, asc) => qualifiers.map((ascq) => [key, asc, ascq] as const)).flat(),
  );
  const buffers = all.map(([key, asc, ascq], index) =>
    Uint8Array.from(
      index % 2 === 0
        ? [0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, ascq, 0, 0, 0, 0]
        : [0x72, key, asc, ascq, 0, 0, 0, 0],
    ),
  );
  const categories = (await library.ask(buffers.map((sense) => `C${digits(sense)}`))).map(([line]) => Number(line));
  expect(categories).toHaveLength(19_968);
  const different = all.flatMap((codes, index) => {
    const answer = { status: 0x02, dataIn: new Uint8Array(0), sense: buffers[index] as Uint8Array, residual: 0 };
    const ours = elsewhere(failureOf(commands.testUnitReady(), "a unit", answer)).sg3;
    const theirs = categories[index] as number;
    return ours === theirs ? [] : [[codes.map((code) => code.toString(16)).join(" "), [theirs, ours]] as const];
  });
  expect(different).toEqual([...newer]);
});

test("sg_decode_sense --err knows every one of them", async () => {
  const texts = await library.ask(exitCodes.map(({ exit }) => `E${exit.toString(16).padStart(2, "0")}`));
  const unknown = exitCodes.filter((_, index) => texts[index]?.[0] === "").map(({ exit }) => exit);
  // Newer releases' codes, and one that is our own: a lost disk.
  expect(unknown).toEqual([12, 13, 19, 35, 37]);
});
