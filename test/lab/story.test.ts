/** The story of two hosts and one disk, against LIO through open-iscsi, over sg and disk nodes. */
import { describeReservationStory } from "../reservation-story.ts";
import { clean, unitAt, units } from "./units.ts";

for (const kind of ["sg", "sd"] as const) {
  const connect = async () => {
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
