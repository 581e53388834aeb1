/** Removes what a build makes, so that nothing of an earlier one is left in it. */
import { rmSync } from "node:fs";

for (const path of ["build/js", "dist"]) rmSync(path, { recursive: true, force: true });
