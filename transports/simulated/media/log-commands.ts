/**
 * LOG SENSE, as far as initiators ask: which pages there are; of changers and tape drives TapeAlert, with no flag set; of disks
 * Informational Exceptions, of which there are none. Always allowed (spc4r36f table 65; SL150 Interface Reference Manual page 236).
 */
import { ChangerOperationCode, LogPage, MediaSize } from "../../../src/core/generated/media-codes.ts";
import { LogPageHeader, LogParameterHeader, LogSenseCdb } from "../../../src/core/generated/media-fields.ts";
import { core, dataOut, dataWindow } from "../../../src/core/index.ts";
import { Access } from "../access.ts";
import { type Answer, dataAnswer, faultAnswer } from "../answer.ts";
import type { CommandRow } from "../command.ts";
import { faultInCdb } from "../sense.ts";
import type { UnitState } from "../unit-state.ts";

/** TapeAlert has 64 flags, each a parameter of one byte. */
const TAPE_ALERT_FLAGS = 64;

function putSupportedPages(at: number, unit: UnitState): number {
  const codes = [...pagesOf(unit).keys()];
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

/** Code and qualifier of no exception; the temperature and its threshold, which nobody measures (as sg_logs reads them). */
const EXCEPTION = Uint8Array.of(0x00, 0x00, 0xff, 0xff);
/** DU 0, TSD 0, FORMAT AND LINKING 11b: a list of binary parameters. */
const BINARY_LIST = 0x03;

function putInformationalExceptions(at: number): number {
  dataWindow.fill(0, at, at + MediaSize.LOG_PARAMETER_HEADER);
  dataWindow[at + 2] = BINARY_LIST;
  core.putDataField(at, LogParameterHeader.PARAMETER_LENGTH, EXCEPTION.length);
  dataWindow.set(EXCEPTION, at + MediaSize.LOG_PARAMETER_HEADER);
  return MediaSize.LOG_PARAMETER_HEADER + EXCEPTION.length;
}

type PutPage = (at: number, unit: UnitState) => number;
const mediaPages: ReadonlyMap<number, PutPage> = new Map([
  [LogPage.SUPPORTED_PAGES, putSupportedPages],
  [LogPage.TAPE_ALERT, putTapeAlert],
]);
const diskPages: ReadonlyMap<number, PutPage> = new Map([
  [LogPage.SUPPORTED_PAGES, putSupportedPages],
  [LogPage.INFORMATIONAL_EXCEPTIONS, putInformationalExceptions],
]);
const pagesOf = ({ kind }: UnitState): ReadonlyMap<number, PutPage> => (kind.name === "disk" ? diskPages : mediaPages);

function logSense(unit: UnitState): Answer {
  if (core.cdbField(LogSenseCdb.SP) !== 0) return faultAnswer(faultInCdb(LogSenseCdb.SP));
  if (core.cdbField(LogSenseCdb.SUBPAGE_CODE) !== 0) return faultAnswer(faultInCdb(LogSenseCdb.SUBPAGE_CODE));
  const pageCode = core.cdbField(LogSenseCdb.PAGE_CODE);
  const put = pagesOf(unit).get(pageCode);
  if (put === undefined) return faultAnswer(faultInCdb(LogSenseCdb.PAGE_CODE));
  const length = put(MediaSize.LOG_PAGE_HEADER, unit);
  dataWindow.fill(0, 0, MediaSize.LOG_PAGE_HEADER);
  core.putDataField(0, LogPageHeader.PAGE_CODE, pageCode);
  core.putDataField(0, LogPageHeader.PAGE_LENGTH, length);
  return dataAnswer(dataOut(MediaSize.LOG_PAGE_HEADER + length), core.cdbField(LogSenseCdb.ALLOCATION_LENGTH));
}

export const logCommands: readonly CommandRow[] = [
  { operationCode: ChangerOperationCode.LOG_SENSE, cdb: LogSenseCdb, access: Access.always, perform: logSense },
];
