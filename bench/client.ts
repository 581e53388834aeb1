/**
 * The one program that is measured, run in a process of its own so that runtime and processor can be chosen: takes a job as
 * JSON, prints a sample as JSON.
 */
import { argv } from "node:process";
import type { Job, Sample } from "./jobs.ts";

async function measure(job: Job): Promise<Sample> {
  switch (job.kind) {
    case "iscsi":
      return (await import("./clients/iscsi.ts")).measureIscsi(job);
    case "bare":
      return (await import("./clients/bare.ts")).measureBare(job);
    case "codec":
      return (await import("./clients/codec.ts")).measureCodec(job);
    case "unit":
      return (await import("./clients/unit.ts")).measureUnit(job);
    case "sg":
      return (await import("./clients/sg.ts")).measureSg(job);
  }
}

console.log(JSON.stringify(await measure(JSON.parse(argv[2] as string) as Job)));
