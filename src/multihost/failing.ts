/** How the calls of this folder fail: as everything here does, with a ScsiError, which also carries the errno of mhd(7I). */
import { elsewhere, type MultihostErrno } from "../conversions.ts";
import { isScsiError, ScsiError } from "../errors.ts";

/** The same error, with its errno: status, sense data and history are kept. */
export function failing(error: ScsiError, errno: MultihostErrno = elsewhere(error).errno): ScsiError {
  return error.errno === errno ? error : new ScsiError(error.message, { ...error, errno, cause: error.cause });
}

/** Does something; what it fails with gets its errno. */
export async function withErrno<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw isScsiError(error) ? failing(error, error.errno) : error;
  }
}
