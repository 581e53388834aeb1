/** Every command that a logical unit of some kind can have: the groups, put together. */
import type { CommandRow } from "./command.ts";
import { copyCommands } from "./copying/commands.ts";
import { capacityCommands, inquiryCommands } from "./inquiry-commands.ts";
import { changerCommands } from "./media/changer-commands.ts";
import { logCommands } from "./media/log-commands.ts";
import { streamCommands } from "./media/stream-commands.ts";
import { mediumCommands, preventCommands } from "./medium-commands.ts";
import { modeCommands } from "./mode-commands.ts";
import { portGroupCommands } from "./port-group-commands.ts";
import { reserveCommands } from "./reserve-commands.ts";
import { spaceCommands } from "./space-commands.ts";
import { supportedCommands } from "./supported-commands.ts";
import { transferCommands } from "./transfer-commands.ts";

/** Of every device. */
const commonRows: readonly CommandRow[] = [
  ...inquiryCommands,
  ...logCommands,
  ...modeCommands,
  ...preventCommands,
  ...reserveCommands,
  ...supportedCommands,
];

export const diskRows: readonly CommandRow[] = [
  ...commonRows,
  ...capacityCommands,
  ...mediumCommands,
  ...transferCommands,
  ...spaceCommands,
  ...copyCommands,
  ...portGroupCommands,
];

export const tapeRows: readonly CommandRow[] = [...commonRows, ...streamCommands];

export const changerRows: readonly CommandRow[] = [...commonRows, ...changerCommands];
