/** REPORT TARGET PORT GROUPS, byte by byte after the tables of spc4r36f 6.37: every port is active/optimized (5.16.3). */
import { expect, it } from "vitest";
import { createLab, GOOD } from "./lab.ts";

const command = (format = 0, allocationLength = 0xffff) =>
  Uint8Array.of(0xa3, (format << 5) | 0x0a, 0, 0, 0, 0, 0, 0, allocationLength >>> 8, allocationLength & 0xff, 0, 0);

function answer(targetPorts: readonly number[], cdb = command()): number[] {
  const lab = createLab({ targetPorts });
  return [...lab.server.execute(lab.nexus("a", targetPorts[0]), cdb).dataIn];
}
/** Table 306: AO_SUP alone; group, no status, count; table 309 for each port. */
const group = (number: number, ports: readonly number[]) => [
  ...[0x00, 0x01, 0, number, 0, 0, 0, ports.length],
  ...ports.flatMap((port) => [0, 0, port >>> 8, port & 0xff]),
];

it("one group has all ports, with the short header and with the extended one", () => {
  expect(answer([1])).toEqual([0, 0, 0, 12, ...group(1, [1])]);
  expect(answer([0x102, 7])).toEqual([0, 0, 0, 16, ...group(1, [7, 0x102])]);
  expect(answer([1, 2], command(1))).toEqual([0, 0, 0, 20, 0x10, 0, 0, 0, ...group(1, [1, 2])]);
});

it("a group has no more ports than its count can say", () => {
  const ports = Array.from({ length: 300 }, (_, index) => index + 1);
  const [first, second] = [ports.slice(0, 255), ports.slice(255)];
  const length = 8 + 255 * 4 + 8 + 45 * 4;
  expect(answer(ports)).toEqual([0, 0, length >>> 8, length & 0xff, ...group(1, first), ...group(2, second)]);
  const lab = createLab({ targetPorts: ports });
  const page = lab.server.execute(lab.nexus("a", 300), Uint8Array.of(0x12, 1, 0x83, 0, 255, 0)).dataIn;
  expect([...page.subarray(-8)]).toEqual([0x01, 0x15, 0, 4, 0, 0, 0, 2]);
});

it("is cut to ALLOCATION LENGTH, and other formats are refused", () => {
  expect(answer([1], command(0, 6))).toEqual([0, 0, 0, 12, 0x00, 0x01]);
  const lab = createLab();
  expect(lab.send(lab.nexus("a"), command(1))).toBe(GOOD);
  for (let format = 2; format < 8; format++) expect(lab.send(lab.nexus("a"), command(format))).toBe("5/24/00 cdb 1.7");
});

it("tapes and changers say nothing of groups", () => {
  for (const type of ["tape", "changer"] as const) {
    const lab = createLab({ type });
    expect(lab.send(lab.nexus("a"), command())).toBe("5/24/00 cdb 1.4");
    const page = lab.server.execute(lab.nexus("a"), Uint8Array.of(0x12, 1, 0x83, 0, 255, 0)).dataIn;
    expect([...page.subarray(-8, -4)]).toEqual([0x01, 0x14, 0, 4]);
  }
});
