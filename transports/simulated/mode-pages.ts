/**
 * The mode pages: Caching, Control, Informational Exceptions Control. Each is made in the core's data window from the
 * unit's settings; what can be changed is one table, read by MODE SENSE and MODE SELECT alike.
 */
import { ModePage, Size } from "../../src/core/generated/codes.ts";
import {
  CachingModePage,
  ControlModePage,
  InformationalExceptionsModePage,
  ModePageHeader,
} from "../../src/core/generated/fields.ts";
import { core, dataWindow } from "../../src/core/index.ts";
import type { UnitState } from "./unit-state.ts";

/** What MODE SELECT can change; all false after power on or a reset. */
export interface ModeSettings {
  /** D_SENSE: sense data in descriptor format. */
  descriptorSense: boolean;
  /** SWP: nothing may be written. */
  softwareWriteProtect: boolean;
  /** TAS: TASK ABORTED for tasks that another I_T nexus aborted. */
  taskAbortedStatus: boolean;
}

/** The settings that every unit starts with. */
export const defaultModeSettings = (): ModeSettings => ({
  descriptorSense: false,
  softwareWriteProtect: false,
  taskAbortedStatus: false,
});

/** Each changeable field of the Control mode page, and its setting. */
export const changeable: readonly (readonly [row: number, setting: keyof ModeSettings])[] = [
  [ControlModePage.D_SENSE, "descriptorSense"],
  [ControlModePage.SWP, "softwareWriteProtect"],
  [ControlModePage.TAS, "taskAbortedStatus"],
];

/** PC, page control (smr-j MODE SENSE). */
export const PageControl = { current: 0, changeable: 1, default: 2, saved: 3 } as const;

/** QUEUE ALGORITHM MODIFIER: unrestricted reordering allowed. */
const UNRESTRICTED_REORDERING = 1;
/** BUSY TIMEOUT PERIOD: not limited. */
const UNLIMITED = 0xffff;

function start(at: number, pageCode: number, length: number): void {
  dataWindow.fill(0, at, at + length);
  core.putDataField(at, ModePageHeader.PAGE_CODE, pageCode);
  core.putDataField(at, ModePageHeader.PAGE_LENGTH, length - Size.MODE_PAGE_HEADER);
}

/** There is no cache that could lose a write: WCE is 0. */
function caching(at: number, pageControl: number): number {
  start(at, ModePage.CACHING, Size.CACHING_MODE_PAGE);
  if (pageControl !== PageControl.changeable) core.putDataField(at, CachingModePage.DRA, 1);
  return Size.CACHING_MODE_PAGE;
}

function control(at: number, pageControl: number, settings: ModeSettings): number {
  start(at, ModePage.CONTROL, Size.CONTROL_MODE_PAGE);
  if (pageControl === PageControl.changeable) {
    for (const [row] of changeable) core.putDataField(at, row, 1);
    return Size.CONTROL_MODE_PAGE;
  }
  core.putDataField(at, ControlModePage.QUEUE_ALGORITHM_MODIFIER, UNRESTRICTED_REORDERING);
  core.putDataField(at, ControlModePage.BUSY_TIMEOUT_PERIOD, UNLIMITED);
  const shown = pageControl === PageControl.default ? defaultModeSettings() : settings;
  for (const [row, setting] of changeable) core.putDataField(at, row, shown[setting] ? 1 : 0);
  return Size.CONTROL_MODE_PAGE;
}

/** No exception is ever reported: DEXCPT is 1. */
function informationalExceptions(at: number, pageControl: number): number {
  start(at, ModePage.INFORMATIONAL_EXCEPTIONS, Size.INFORMATIONAL_EXCEPTIONS_MODE_PAGE);
  if (pageControl !== PageControl.changeable) core.putDataField(at, InformationalExceptionsModePage.DEXCPT, 1);
  return Size.INFORMATIONAL_EXCEPTIONS_MODE_PAGE;
}

/** Puts a page at byte `at` of the data window, and returns its length. */
export type PutModePage = (at: number, pageControl: number, settings: ModeSettings, unit: UnitState) => number;

/** The pages of every device. */
export const commonModePages: readonly (readonly [pageCode: number, put: PutModePage])[] = [
  [ModePage.CONTROL, control],
  [ModePage.INFORMATIONAL_EXCEPTIONS, informationalExceptions],
];
/** And those of a disk. */
export const diskModePages: readonly (readonly [pageCode: number, put: PutModePage])[] = [[ModePage.CACHING, caching]];
