import { mkdir, writeFile } from "node:fs/promises";
import { schemaFiles } from "./schema-files.ts";

// npm run schema: writes the JSON Schemas that editors read.
for (const [path, text] of schemaFiles()) {
  await mkdir(new URL(".", path), { recursive: true });
  await writeFile(path, text);
}
