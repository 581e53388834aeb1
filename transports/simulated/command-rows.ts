/** Every command that a logical unit here can have: the groups, put together. */
import type { CommandRow } from "./command.ts";
import { inquiryCommands } from "./inquiry-commands.ts";
import { mediumCommands } from "./medium-commands.ts";
import { modeCommands } from "./mode-commands.ts";
import { reserveCommands } from "./reserve-commands.ts";
import { spaceCommands } from "./space-commands.ts";
import { supportedCommands } from "./supported-commands.ts";
import { transferCommands } from "./transfer-commands.ts";

export const commandRows: readonly CommandRow[] = [
  ...inquiryCommands,
  ...modeCommands,
  ...mediumCommands,
  ...transferCommands,
  ...spaceCommands,
  ...reserveCommands,
  ...supportedCommands,
];
