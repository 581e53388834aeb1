/**
 * `scsi-persist sg_persist …`: sg_persist's options, output and exit codes (sg3_utils 1.46), over every way to a unit that there is
 * here. Each command is sent once, as sg_persist does; a unit attention is reported and not repeated.
 */
import { deviceTypeName } from "../../src/explain.ts";
import {
  type Command,
  commands,
  isScsiError,
  noRetries,
  type ScsiError,
  type ScsiErrorCode,
  type Unit,
} from "../../src/index.ts";
import { dryRunLines } from "../dry-run.ts";
import { EXIT_SUCCESS, exitCodeOf } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { paintFor, print } from "../output.ts";
import { redactUrl, UsageError } from "../values.ts";
import { verboseObserver } from "../verbose.ts";
import { parseSgPersist, type SgPersistRequest } from "./arguments.ts";
import { answerLines, namesIn, namesOut, senseLines } from "./show.ts";

/** PERSISTENT RESERVE OUT exactly as asked for, right or wrong: the target judges. */
function commandOut(request: SgPersistRequest): Command<void> {
  const { serviceAction, key, serviceActionKey, transportIds, relativeTargetPort } = request;
  return commands.uncheckedPersistentReserveOut({
    serviceAction,
    key,
    serviceActionKey,
    typeCode: request.type,
    persistThroughPowerLoss: request.persist,
    allTargetPorts: request.allTargetPorts,
    unregister: request.unregister,
    relativeTargetPort,
    ...(transportIds.length === 0 ? {} : { initiatorPorts: transportIds }),
  });
}

const readings = [
  commands.readKeys,
  commands.readReservation,
  commands.reportCapabilities,
  commands.readFullStatus,
] as const;

function commandIn({ serviceAction, allocationLengthBytes }: SgPersistRequest): Command<unknown> {
  return (readings[serviceAction] as (typeof readings)[number])({ allocationLengthBytes });
}

/** sg_persist's short words for what it ends with. */
const categories: Readonly<Record<number, string>> = {
  2: "Device not ready",
  5: "Illegal request",
  6: "Unit attention",
  9: "Illegal request, Invalid opcode",
  24: "Reservation conflict",
};

/** Where it shows the sense data without --verbose. */
const shownUnasked: ReadonlySet<ScsiErrorCode> = new Set([
  "UNIT_ATTENTION",
  "MEDIUM_ERROR",
  "HARDWARE_ERROR",
  "BLANK_CHECK",
  "VOLUME_OVERFLOW",
  "VENDOR_SPECIFIC",
]);

/** `PR out (Reserve): Reservation conflict`, and what it ends with; before that, the sense data that sg_persist shows unasked. */
function complaint(request: SgPersistRequest, error: ScsiError): string[] {
  const shown = error.sense !== undefined && shownUnasked.has(error.code) ? senseLines(request.out, error.sense) : [];
  return [...shown, ...verdict(request, error)];
}

function verdict({ out, serviceAction }: SgPersistRequest, error: ScsiError): string[] {
  const what = out ? `PR out (${namesOut[serviceAction]})` : `PR in (${namesIn[serviceAction]})`;
  const exit = exitCodeOf(error);
  const category = categories[exit] ?? error.message;
  if (exit === 9) return [`${what}: command not supported`, `sg_persist failed: ${category}`];
  if (exit === 5) {
    return [
      `${what}: bad field in cdb or parameter list (perhaps unsupported service action)`,
      `sg_persist failed: ${category}`,
    ];
  }
  return [`${what}: ${category}`, `sg_persist failed: ${category}`];
}

async function perform(request: SgPersistRequest, unit: Unit, io: Io): Promise<void> {
  if (request.inquiry) {
    const { vendor, product, revision, peripheralDeviceType } = await unit.inquiry();
    print(io.stdout, [
      `  ${vendor.padEnd(8)}  ${product.padEnd(16)}  ${revision.padEnd(4)}`,
      `  Peripheral device type: ${deviceTypeName(peripheralDeviceType).replace(/ \(..h\)$/, "")}`,
    ]);
  }
  if (request.out) {
    await unit.execute(commandOut(request));
    if (request.verbose) print(io.stderr, [`PR out: command (${namesOut[request.serviceAction]}) successful`]);
    return;
  }
  const command = commandIn(request);
  const { again: _, ...once } = command;
  const raw: Command<Uint8Array> = { ...once, read: (data) => data };
  const data = await unit.execute(raw);
  print(io.stdout, answerLines(request.serviceAction, command, data, request.hex));
}

/** What is wrong with an argument is a mistake in the command line. */
const asUsage = (error: unknown): unknown =>
  error instanceof TypeError || error instanceof RangeError ? new UsageError(error.message, "sg_persist") : error;

/**
 * Runs with sg_persist's arguments.
 *
 * @returns sg_persist's exit code
 * @throws UsageError where sg_persist would show its usage and end with 1
 */
export async function runSgPersist(argv: readonly string[], io: Io): Promise<number> {
  const readFile = async (name: string): Promise<string> => new TextDecoder().decode(await io.read(name));
  let request: SgPersistRequest;
  try {
    request = await parseSgPersist(argv, readFile);
  } catch (error) {
    throw asUsage(error);
  }
  print(io.stderr, request.warnings);
  const command = request.out ? commandOut(request) : commandIn(request);
  if (request.dryRun) {
    await io.checkOpen(request.device, { env: io.env }).catch((error: unknown) => {
      throw asUsage(error);
    });
    const effect = request.out ? "It would be sent as it stands here." : "It only reads: it would change nothing.";
    print(io.stdout, dryRunLines(redactUrl(request.device), [command], effect, paintFor(io.stdout, io.env)));
    return EXIT_SUCCESS;
  }
  const interruption = new AbortController();
  const stopListening = io.onInterrupt(() => interruption.abort(new Error("interrupted by the user")));
  const observer = request.verbose ? verboseObserver(io) : undefined;
  try {
    const { signal } = interruption;
    const unit = await io.open(request.device, { env: io.env, retry: noRetries, signal, observer });
    try {
      await perform(request, unit, io);
    } finally {
      await unit[Symbol.asyncDispose]();
    }
    return EXIT_SUCCESS;
  } catch (error) {
    if (!isScsiError(error)) throw asUsage(error);
    print(io.stderr, error.command === undefined ? [`sg_persist: ${error.message}`] : complaint(request, error));
    return exitCodeOf(error);
  } finally {
    stopListening();
  }
}
