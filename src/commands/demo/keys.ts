import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DemoName } from "../../demo/demo-people.ts";

export type DemoKeys =
  | { readonly ok: true; readonly keys: Readonly<Record<DemoName, string>> }
  | { readonly ok: false; readonly error: string };

/**
 * The API keys of the demo's people. Kept in the folder, so that a client that was set up yesterday still works today. The
 * demo listens on this machine only. @throws what the file system throws
 */
export function demoKeys(data: string): DemoKeys {
  const path = join(data, "demo-keys.json");
  try {
    const kept: unknown = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
    const keyOf = (name: DemoName): string => {
      const key =
        typeof kept === "object" && kept !== null ? Object.entries(kept).find(([k]) => k === name)?.[1] : undefined;
      return typeof key === "string" ? key : `pk_${randomBytes(24).toString("base64url")}`;
    };
    const keys = { ann: keyOf("ann"), carla: keyOf("carla"), sam: keyOf("sam") };
    mkdirSync(data, { recursive: true, mode: 0o700 });
    writeFileSync(path, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
    return { ok: true, keys };
  } catch (err) {
    if (err instanceof SyntaxError)
      return { ok: false, error: `${path} is broken. Remove it, and the demo makes new keys.` };
    throw err;
  }
}

/** What stands for a key in a configuration. */
export function hashOf(key: string): string {
  return `sha256:${createHash("sha256").update(key).digest("hex")}`;
}
