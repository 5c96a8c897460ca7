import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadSecretKey } from "../../src/store/secret-key.ts";
import { temporaryDir } from "../support/audit.ts";
import { startScript } from "../support/script.ts";

const BYTES = Buffer.from(Array.from({ length: 32 }, (_, index) => 255 - index * 7));

describe("a configured key", () => {
  it.each([
    ["hex", BYTES.toString("hex")],
    ["capital hex", BYTES.toString("hex").toUpperCase()],
    ["base64", BYTES.toString("base64")],
    ["base64 with a line break", `${BYTES.toString("base64")}\n`],
    ["base64url", BYTES.toString("base64url")],
  ])("is read as %s", (_form, configured) => {
    expect(Buffer.from(loadSecretKey({ configured, beside: undefined }))).toEqual(BYTES);
  });

  it.each([
    ["empty", ""],
    ["a password", "correct horse battery staple"],
    ["16 bytes", BYTES.subarray(16).toString("hex")],
    ["33 bytes", Buffer.alloc(33, 1).toString("base64")],
  ])("is refused when it is %s, without being repeated", (_what, configured) => {
    const load = () => loadSecretKey({ configured, beside: undefined });
    expect(load).toThrow(expect.objectContaining({ code: "SECRET_KEY_INVALID" }));
    if (configured !== "") expect(load).not.toThrow(configured);
  });
});

describe("a key kept beside the database", () => {
  it("is made once, for its owner only, and found again", () => {
    const dir = join(temporaryDir(), "data");
    const first = loadSecretKey({ configured: undefined, beside: join(dir, "portcullis.db") });
    expect(first).toHaveLength(32);
    expect(loadSecretKey({ configured: undefined, beside: join(dir, "portcullis.db") })).toEqual(first);
    expect(statSync(join(dir, "portcullis.key")).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir)).toEqual(["portcullis.key"]);
  });

  it("is the same for processes that start at the same time", async () => {
    const beside = join(temporaryDir(), "portcullis.db");
    const runs = [1, 2, 3, 4].map(() => startScript("print-key", [beside]));
    for (const run of runs) expect(await run.ended).toMatchObject({ code: 0, stderr: "" });
    expect(runs.map((run) => run.lines.length)).toEqual([1, 1, 1, 1]);
    expect(new Set(runs.flatMap((run) => run.lines)).size).toBe(1);
  });

  it("is refused when others can read it", () => {
    const dir = temporaryDir();
    loadSecretKey({ configured: undefined, beside: join(dir, "portcullis.db") });
    chmodSync(join(dir, "portcullis.key"), 0o644);
    expect(() => loadSecretKey({ configured: undefined, beside: join(dir, "portcullis.db") })).toThrow("chmod 600");
  });

  it("is refused when it is damaged, and never replaced", () => {
    const dir = temporaryDir();
    writeFileSync(join(dir, "portcullis.key"), "half a k", { mode: 0o600 });
    expect(() => loadSecretKey({ configured: undefined, beside: join(dir, "portcullis.db") })).toThrow(
      expect.objectContaining({ code: "SECRET_KEY_INVALID" }),
    );
  });

  it("is refused when it is a pipe, and nobody waits for what comes out", () => {
    const dir = temporaryDir();
    execFileSync("mkfifo", [join(dir, "portcullis.key")]);
    expect(() => loadSecretKey({ configured: undefined, beside: join(dir, "portcullis.db") })).toThrow("it is a pipe");
  });

  it("is refused when its directory cannot be written", () => {
    const file = join(temporaryDir(), "file");
    writeFileSync(file, "");
    expect(() => loadSecretKey({ configured: undefined, beside: join(file, "portcullis.db") })).toThrow(
      expect.objectContaining({ name: "StoreError" }),
    );
  });
});

it("without a file each run has a key of its own", () => {
  const load = () => loadSecretKey({ configured: undefined, beside: undefined });
  expect(load()).not.toEqual(load());
});
