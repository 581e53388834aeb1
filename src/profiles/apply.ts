/**
 * A transport that knows what kind of device it leads to: what the device would not take is refused here, with a reason,
 * and is not sent. Everything else goes through untouched.
 */
import { checkOneOf } from "../check.ts";
import { inquiry } from "../commands/inquiry.ts";
import { reportCapabilities } from "../commands/persistent-reserve-in.ts";
import { Status } from "../core/generated/codes.ts";
import { isScsiError } from "../errors.ts";
import type { Transport, TransportOptions } from "../transport.ts";
import { canReportCapabilities, narrowProfile, objectionsTo, objectionText } from "./check.ts";
import { type ProfileName, profileNames, profiles } from "./index.ts";
import type { Profile } from "./profile.ts";

/** A profile by name, or `"auto"`: what INQUIRY says. */
export type ProfileChoice = ProfileName | "auto";

/** Names that can be chosen. */
export const profileChoices: readonly ProfileChoice[] = ["auto", ...profileNames];

/** The profile whose INQUIRY data these are. */
function recognised(deviceType: number, vendor: string, product: string): ProfileName | undefined {
  return profileNames.find((name) => {
    const { inquiry: own }: Profile = profiles[name];
    if (own === undefined) return false;
    return own.deviceType === deviceType && own.vendor === vendor && own.product === product;
  });
}

/** Asks once; undefined if there was no GOOD answer, for whatever reason but the caller's own. */
async function ask<Result>(
  transport: Transport,
  command: { readonly cdb: Uint8Array; readonly dataInLength: number; read(dataIn: Uint8Array): Result },
  options: TransportOptions,
): Promise<Result | undefined> {
  try {
    const { status, dataIn } = await transport.execute(command, options);
    return status === Status.GOOD ? command.read(dataIn) : undefined;
  } catch (error) {
    if (isScsiError(error) && error.code === "MALFORMED_RESPONSE") return undefined;
    throw error;
  }
}

/**
 * Finds out which profile a device has: by name, or by its INQUIRY data; then narrowed by REPORT CAPABILITIES, if it answers
 * that.
 *
 * @returns undefined with `"auto"` where INQUIRY names no device that is known
 * @throws TypeError or RangeError for a name that there is not; ScsiError where no answer was had
 */
export async function findProfile(
  transport: Transport,
  choice: ProfileChoice,
  options: TransportOptions = {},
): Promise<{ readonly name: ProfileName; readonly profile: Profile } | undefined> {
  checkOneOf("profile", choice, profileChoices);
  let name: ProfileName | undefined = choice === "auto" ? undefined : choice;
  if (choice === "auto") {
    const data = await ask(transport, inquiry(), options);
    if (data !== undefined) name = recognised(data.peripheralDeviceType, data.vendor, data.product);
  }
  if (name === undefined) return undefined;
  const profile: Profile = profiles[name];
  if (!canReportCapabilities(profile)) return { name, profile };
  const capabilities = await ask(transport, reportCapabilities(), options);
  return { name, profile: capabilities === undefined ? profile : narrowProfile(profile, capabilities) };
}

/**
 * A transport that refuses what the device does not take: `execute` rejects with a RangeError that names field, value and
 * what the device takes, and nothing is sent.
 *
 * @param device what it is called in the message
 */
export function applyProfile(transport: Transport, device: string, profile: Profile): Transport {
  return {
    ...transport,
    async execute(request, options) {
      const objections = objectionsTo(request, profile);
      if (objections.length > 0) throw new RangeError(objectionText(device, objections));
      return transport.execute(request, options);
    },
  };
}
