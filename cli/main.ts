/** The outermost line. Whoever only wants the version gets it before anything else is loaded; all others go to process.ts. */
import process from "node:process";
import { VERSION } from "./version.ts";

const argv = process.argv.slice(2);
if (argv.length === 1 && argv[0] === "--version") process.stdout.write(`scsi-persist ${VERSION}\n`);
else await (await import("./process.ts")).main(argv);
