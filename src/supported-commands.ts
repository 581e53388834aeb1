/** Reads a list of supported commands: does it have PERSISTENT RESERVE, and which service actions of it. */
import type { SupportedCommand } from "./commands/maintenance-in.ts";
import { OperationCode } from "./core/generated/codes.ts";

/**
 * Which service actions of an operation code a list has.
 *
 * @param commands what REPORT SUPPORTED OPERATION CODES answered
 * @param operationCode 0 to 255; PERSISTENT RESERVE OUT unless another is named
 * @returns the service actions in ascending order; empty if the command is not there, or has none
 */
export function supportedServiceActions(
  commands: readonly SupportedCommand[],
  operationCode: number = OperationCode.PERSISTENT_RESERVE_OUT,
): number[] {
  return commands
    .flatMap((one) =>
      one.operationCode === operationCode && one.serviceAction !== undefined ? [one.serviceAction] : [],
    )
    .sort((a, b) => a - b);
}
