import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Log, LogFields } from "../../src/core/log.ts";
import { openStore, type Store, type StoreOptions } from "../../src/store/open-store.ts";
import { auditHash } from "./audit-key.ts";
import { type ScriptRun, startScript } from "./script.ts";

/** A directory of its own for a test, removed when the test is done. */
export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "portcullis-store-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A log that keeps what it is told. */
export function keepingLog(): Log & { readonly lines: { level: string; fields: LogFields; message: string }[] } {
  const lines: { level: string; fields: LogFields; message: string }[] = [];
  const keep = (level: string) => (fields: LogFields, message: string) => {
    lines.push({ level, fields, message });
  };
  return { lines, debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") };
}

/** A store on a real file, closed when the test is done. */
export function openTestStore(path: string, options: Partial<StoreOptions> = {}): Store {
  const store = openStore({ url: `file:${path}`, log: keepingLog(), auditHash, ...options });
  onTestFinished(() => store.close());
  return store;
}

/** Runs `programs/audit-writer.ts` in a process of its own: it opens calls `<prefix>-0`, `<prefix>-1`, … */
export function startWriter(path: string, prefix: string, count: number, shellPrefix?: string): ScriptRun {
  return startScript("audit-writer", [path, prefix, String(count)], shellPrefix);
}
