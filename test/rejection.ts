/** What every suite asks of a call that must fail: the error, which must be the library's own. */
import { isScsiError, type ScsiError } from "../src/errors.ts";

/** The ScsiError with which a promise rejects. Whatever else happens fails the test. */
export async function rejection(promise: Promise<unknown>): Promise<ScsiError> {
  const error: unknown = await promise.then(
    () => {
      throw new Error("it succeeded, but should have been refused");
    },
    (reason: unknown) => reason,
  );
  if (!isScsiError(error)) throw error;
  return error;
}
