/** Writes the manual page into dist/, after the compiler. SOURCE_DATE_EPOCH, in seconds, is its date; today if it is not set. */
import { readFileSync, writeFileSync } from "node:fs";
import { manPage } from "../build/js/cli/man-page.js";

const { SOURCE_DATE_EPOCH: seconds } = process.env;
const date = (seconds === undefined ? new Date() : new Date(Number(seconds) * 1000)).toISOString().slice(0, 10);
const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
writeFileSync(new URL("../dist/scsi-persist.1", import.meta.url), manPage(version, date));
