import { writeFileSync } from "node:fs";
import { LINTER, linterConfig } from "./linter-layers.ts";

// npm run layers: writes the rules of scripts/layers.ts into the linter's configuration.
writeFileSync(LINTER, `${JSON.stringify(linterConfig(), undefined, 2)}\n`);
