/**
 * LOG SENSE, as far as initiators ask changers and tape drives: which pages there are, and TapeAlert, with no flag set. Always
 * allowed (spc4r36f table 65; SL150 Interface Reference Manual page 236).
 */
import { ChangerOperationCode, LogPage, MediaSize } from "../../../src/core/generated/media-codes.ts";
import { LogPageHeader, LogParameterHeader, LogSenseCdb } from "../../../src/core/generated/media-fields.ts";
import { core, dataOut, dataWindow } from "../../../src/core/index.ts";
import { Access } from "../access.ts";
import { type Answer, dataAnswer, faultAnswer } from "../answer.ts";
import type { CommandRow } from "../command.ts";
import { faultInCdb } from "../sense.ts";

/** TapeAlert has 64 flags, each a parameter of one byte. */
const TAPE_ALERT_FLAGS = 64;

function putSupportedPages(at: number): number {
  const codes = Object.values(LogPage);
  dataWindow.set(codes, at);
  return codes.length;
}

function putTapeAlert(at: number): number {
  const size = MediaSize.LOG_PARAMETER_HEADER + 1;
  dataWindow.fill(0, at, at + TAPE_ALERT_FLAGS * size);
  for (let flag = 0; flag < TAPE_ALERT_FLAGS; flag++) {
    core.putDataField(at + flag * size, LogParameterHeader.PARAMETER_CODE, flag + 1);
    core.putDataField(at + flag * size, LogParameterHeader.PARAMETER_LENGTH, 1);
  }
  return TAPE_ALERT_FLAGS * size;
}

const pages: Readonly<Record<number, (at: number) => number>> = {
  [LogPage.SUPPORTED_PAGES]: putSupportedPages,
  [LogPage.TAPE_ALERT]: putTapeAlert,
};

function logSense(): Answer {
  if (core.cdbField(LogSenseCdb.SP) !== 0) return faultAnswer(faultInCdb(LogSenseCdb.SP));
  if (core.cdbField(LogSenseCdb.SUBPAGE_CODE) !== 0) return faultAnswer(faultInCdb(LogSenseCdb.SUBPAGE_CODE));
  const pageCode = core.cdbField(LogSenseCdb.PAGE_CODE);
  const put = pages[pageCode];
  if (put === undefined) return faultAnswer(faultInCdb(LogSenseCdb.PAGE_CODE));
  const length = put(MediaSize.LOG_PAGE_HEADER);
  dataWindow.fill(0, 0, MediaSize.LOG_PAGE_HEADER);
  core.putDataField(0, LogPageHeader.PAGE_CODE, pageCode);
  core.putDataField(0, LogPageHeader.PAGE_LENGTH, length);
  return dataAnswer(dataOut(MediaSize.LOG_PAGE_HEADER + length), core.cdbField(LogSenseCdb.ALLOCATION_LENGTH));
}

export const logCommands: readonly CommandRow[] = [
  { operationCode: ChangerOperationCode.LOG_SENSE, cdb: LogSenseCdb, access: Access.always, perform: logSense },
];
