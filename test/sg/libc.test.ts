/** Every door that this runtime has, on the real C library: errno and pointers without a compiler and without a device. */
import { describe, expect, test } from "vitest";
import { isScsiError } from "../../src/errors.ts";
import { sgEntry } from "../../transports/sg/opener.ts";
import { createThreads } from "../../transports/sg/threads.ts";
import { doors } from "./doors.ts";

const failure = async (promise: Promise<unknown>) => {
  const error = await promise.catch((reason: unknown) => reason);
  if (!isScsiError(error)) expect.fail(`${String(error)} is no ScsiError`);
  return error;
};

describe.skipIf(process.platform !== "linux").each(Object.entries(doors))(
  "the C library (Linux), through %s",
  (_, program) => {
    const { openSg } = sgEntry(() => createThreads({ ...program, idleMs: 500 }));

    test("a node that does not exist", async () => {
      const error = await failure(openSg("/dev/does/not/exist"));
      expect(error).toMatchObject({ code: "TARGET_NOT_FOUND", delivered: "no" });
      expect(error.message).toContain("ENOENT");
    });

    test("a device that takes no SCSI commands", async () => {
      await using transport = await openSg("/dev/null");
      const error = await failure(transport.execute({ cdb: new Uint8Array(6), dataInLength: 0 }));
      expect(error).toMatchObject({ code: "UNSUITABLE_DEVICE", delivered: "no" });
      expect(error.message).toContain("ENOTTY");
    });

    test("a file that is no device", async () => {
      await using transport = await openSg("/proc/self/status");
      const error = await failure(transport.execute({ cdb: new Uint8Array(6), dataInLength: 0 }));
      expect(error).toMatchObject({ code: "UNSUITABLE_DEVICE", delivered: "no" });
      expect(error.message).toContain("it is a file, not a device node");
    });

    test("what is no path", async () => {
      await expect(openSg("sg0")).rejects.toThrow(TypeError);
      await expect(openSg("/dev/sg0\0x")).rejects.toThrow(TypeError);
    });
  },
);
