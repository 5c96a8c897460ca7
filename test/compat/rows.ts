import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What earlier runs found out with the same build of the gateway, so that a run can go on where one was stopped. */
export interface KeptRows {
  get<Row>(kind: string, name: string): Promise<Row | undefined>;
  put(kind: string, name: string, row: object): Promise<void>;
}

export async function keptRows(cacheDir: string, dist: string): Promise<KeptRows> {
  const dir = join(cacheDir, "rows", await digestOf(dist));
  await mkdir(dir, { recursive: true });
  const file = (kind: string, name: string) => join(dir, `${kind} ${name.replace(/[^\w.-]+/g, "-")}.json`);
  return {
    async get(kind, name) {
      try {
        return JSON.parse(await readFile(file(kind, name), "utf8"));
      } catch (error) {
        if (Object(error).code === "ENOENT") return undefined;
        throw error;
      }
    },
    put: (kind, name, row) => writeFile(file(kind, name), JSON.stringify(row)),
  };
}

async function digestOf(folder: string): Promise<string> {
  const hash = createHash("sha256");
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  for (const path of paths.sort()) hash.update(path.slice(folder.length)).update(await readFile(path));
  return hash.digest("hex").slice(0, 16);
}
