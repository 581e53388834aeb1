/** REPORT LUNS (A0h): which logical units the target has for this nexus. Allowed under every reservation. */
import { checkInteger } from "../check.ts";
import { answerIn, type Command, malformed } from "../command.ts";
import { ListRecord } from "../core/generated/records.ts";
import { cdbOut, core, dataSize, longsOut, word } from "../core/index.ts";

/** Arguments of {@link reportLuns}. */
export interface ReportLunsOptions {
  /** SELECT REPORT, 0 to 255: 0 all but well known ones, 1 well known ones, 2 all. */
  readonly selectReport?: number | undefined;
  /** ALLOCATION LENGTH, 16 to 262144 bytes. If more exists, LogicalUnit asks once more with what is needed. */
  readonly allocationLengthBytes?: number | undefined;
}

/** What REPORT LUNS answers. */
export interface LogicalUnitList {
  /** Eight-byte LUNs as SAM-5 4.7 structures them, e.g. 0x0001_0000_0000_0000n for LUN 1. `lunNumber` reads simple ones. */
  readonly luns: readonly bigint[];
  /** There are more than arrived. */
  readonly truncated: boolean;
}

/**
 * REPORT LUNS.
 *
 * @returns a command for {@link LogicalUnitList}
 * @throws RangeError for an allocation length below 16, which the standard forbids, or above the core's window
 */
export function reportLuns(options: ReportLunsOptions = {}): Command<LogicalUnitList> {
  const allocationLength = checkInteger("allocationLengthBytes", options.allocationLengthBytes ?? 4096, 16, dataSize);
  const selectReport = checkInteger("selectReport", options.selectReport ?? 0, 0, 255);
  const load = (bytes: Uint8Array): void => {
    answerIn("REPORT LUNS", bytes);
    if (core.decodeLuns(bytes.length) !== 0) throw malformed("REPORT LUNS", bytes, "a LUN list whose length fits");
  };
  return {
    name: "REPORT LUNS",
    cdb: cdbOut(core.reportLuns(selectReport, allocationLength)),
    dataInLength: allocationLength,
    effect: "none",
    layout: { cdb: "ReportLunsCdb" },
    read(bytes) {
      load(bytes);
      return { luns: longsOut(word(ListRecord.COUNT)), truncated: word(ListRecord.TRUNCATED) === 1 };
    },
    again(bytes) {
      load(bytes);
      const needed = Math.min(word(ListRecord.WHOLE_LENGTH), dataSize);
      if (needed <= allocationLength) return undefined;
      return reportLuns({ selectReport, allocationLengthBytes: needed });
    },
  };
}
