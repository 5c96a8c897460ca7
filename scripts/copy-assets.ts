import { cpSync } from "node:fs";
import { fileURLToPath } from "node:url";

const place = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

// What the compiler leaves behind: the console reads its styles and scripts from beside its code.
cpSync(place("src/console/assets"), place("dist/console/assets"), { recursive: true });
