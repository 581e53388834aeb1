/** REQUEST SENSE (03h): the sense data that the logical unit has for this nexus, as data. */
import { checkFlag, checkInteger } from "../check.ts";
import { type Command, malformed } from "../command.ts";
import { cdbOut, core } from "../core/index.ts";
import { decodeSense, type SenseData } from "../sense.ts";

/** Arguments of {@link requestSense}. */
export interface RequestSenseOptions {
  /** DESC: ask for descriptor format. */
  readonly descriptorFormat?: boolean | undefined;
  /** ALLOCATION LENGTH, 18 to 252 bytes. */
  readonly allocationLengthBytes?: number | undefined;
}

/**
 * REQUEST SENSE. A pending unit attention is reported here as data, and is gone afterwards.
 *
 * @returns a command for {@link SenseData}
 * @throws RangeError for an allocation length that the CDB cannot carry
 */
export function requestSense(options: RequestSenseOptions = {}): Command<SenseData> {
  const allocationLength = checkInteger("allocationLengthBytes", options.allocationLengthBytes ?? 252, 18, 252);
  const desc = checkFlag("descriptorFormat", options.descriptorFormat);
  return {
    name: "REQUEST SENSE",
    cdb: cdbOut(core.requestSense(desc ? 1 : 0, allocationLength)),
    dataInLength: allocationLength,
    effect: "none",
    layout: { cdb: "RequestSenseCdb" },
    read(bytes) {
      const sense = decodeSense(bytes);
      if (sense === undefined) throw malformed("REQUEST SENSE", bytes, "sense data of response code 70h to 73h");
      return sense;
    },
  };
}
