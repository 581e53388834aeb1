/** The story of two hosts and one disk, against LIO through open-iscsi, over sg and disk nodes. */
import { describeReservationStory } from "../reservation-story.ts";
import { clean, run, unitAt, units } from "./units.ts";

for (const kind of ["sg", "sd"] as const) {
  const connect = async () => {
    // A disk that was open for writing is read by udev when it is closed, and the unit attentions are told to udev.
    await run("udevadm", "settle");
    const a = await unitAt(units.ISCSI_A[kind]);
    const b = await unitAt(units.ISCSI_B[kind]);
    await clean(a, b);
    return {
      a,
      b,
      async dispose() {
        await clean(a, b);
        await a[Symbol.asyncDispose]();
        await b[Symbol.asyncDispose]();
      },
    };
  };
  // COMPLIANCE.md, LIO of Linux 6.1.
  describeReservationStory(`${kind} nodes to LIO`, connect, { unregisteredIsNotReady: true });
}
