import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type LoadedConfig, loadConfig } from "../../src/config/load.ts";
import { readAgain, readInThread } from "../../src/config/read-again.ts";
import { watchConfig } from "../../src/config/watch.ts";
import { recordingLog } from "../support/recording-log.ts";
import { tempDir } from "./temp-dir.ts";

const withCommand = (command: string) => `upstreams: { a: { command: ${command} } }\n`;

/** Reads as the gateway does, in this thread: one of its own takes a while to begin. */
const readHere: typeof readInThread = async (path, env) => ({ ok: true, value: structuredClone(readAgain(path, env)) });

/** Watches `portcullis.yaml` in a folder; `next` resolves with the next change that is told. */
function watchIn(dir: string, read = readHere) {
  const path = join(dir, "portcullis.yaml");
  const loaded = loadConfig(path, {});
  if (!loaded.ok) throw new Error("the first configuration is bad");
  const told: LoadedConfig[] = [];
  let taken = 0;
  let wake: () => void = () => {};
  const log = recordingLog();
  const watch = watchConfig({
    path,
    env: {},
    loaded,
    read,
    retryMs: 20,
    log,
    onChange: (change) => {
      told.push(change);
      wake();
    },
  });
  onTestFinished(() => watch.close());
  return {
    path,
    told,
    log,
    watch,
    async next(): Promise<LoadedConfig> {
      while (told.length === taken) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const change = told[taken++];
      if (change === undefined) throw new Error("nothing was told");
      return change;
    },
  };
}

function commandIn(change: LoadedConfig): string | undefined {
  const transport = change.ok ? change.config.upstreams[0]?.transport : undefined;
  return transport?.kind === "stdio" ? transport.command : undefined;
}

describe("a changed configuration is told", () => {
  it.each<[string, (path: string, text: string) => void]>([
    ["written in place", (path, text) => writeFileSync(path, text)],
    [
      "replaced by a file of another name",
      (path, text) => {
        writeFileSync(`${path}.new`, text);
        renameSync(`${path}.new`, path);
      },
    ],
    [
      "moved away and written anew",
      (path, text) => {
        renameSync(path, `${path}~`);
        writeFileSync(path, text);
      },
    ],
  ])("when it is %s, and again the next time", async (_, save) => {
    const { path, next } = watchIn(tempDir({ "portcullis.yaml": withCommand("one") }));
    save(path, withCommand("two"));
    expect(commandIn(await next())).toBe("two");
    save(path, withCommand("three"));
    expect(commandIn(await next())).toBe("three");
  });

  it("when a mounted folder of links is swapped as a whole", async () => {
    const dir = tempDir({ "v1/portcullis.yaml": withCommand("one"), "v2/portcullis.yaml": withCommand("two") });
    symlinkSync("v1", join(dir, "data"));
    symlinkSync("data/portcullis.yaml", join(dir, "portcullis.yaml"));
    const { next } = watchIn(dir);
    symlinkSync("v2", join(dir, "data.new"));
    renameSync(join(dir, "data.new"), join(dir, "data"));
    expect(commandIn(await next())).toBe("two");
  });

  it("when a file that it refers to changes, in another folder too", async () => {
    const dir = tempDir({ "portcullis.yaml": withCommand(`'\${file:keys/a}'`), "keys/a": "one" });
    const { next } = watchIn(dir);
    writeFileSync(join(dir, "keys/a"), "two");
    expect(commandIn(await next())).toBe("two");
  });

  it("when it changed before anybody watched", async () => {
    const dir = tempDir({ "portcullis.yaml": withCommand("one") });
    const { path, next } = watchIn(dir);
    // The watch looks for the first time after this turn of the event loop.
    writeFileSync(path, withCommand("two"));
    expect(commandIn(await next())).toBe("two");
  });

  it("with its errors when it is bad, and once more when it is good again", async () => {
    const { path, next } = watchIn(tempDir({ "portcullis.yaml": withCommand("one") }));
    writeFileSync(path, "upstreams: { a: { comand: x } }\n");
    const bad = await next();
    expect(bad.ok ? [] : bad.errors.map((error) => error.key)).toContain("upstreams.a.comand");
    writeFileSync(path, withCommand("two"));
    expect(commandIn(await next())).toBe("two");
  });

  it("as missing when it stays away", async () => {
    const { path, next } = watchIn(tempDir({ "portcullis.yaml": withCommand("one") }));
    rmSync(path);
    const gone = await next();
    expect(gone.ok ? [] : gone.errors.map((error) => error.message)).toEqual(["There is no such file."]);
    writeFileSync(path, withCommand("two"));
    expect(commandIn(await next())).toBe("two");
  });

  it("after it was read in a thread of its own", async () => {
    const { path, next } = watchIn(tempDir({ "portcullis.yaml": withCommand("one") }), readInThread);
    writeFileSync(path, withCommand("two"));
    expect(commandIn(await next())).toBe("two");
  });

  it("later, where it could not be read at first", async () => {
    let tries = 0;
    const { path, next, log } = watchIn(tempDir({ "portcullis.yaml": withCommand("one") }), async (...asked) => {
      tries += 1;
      return tries < 3 ? { ok: false, reason: "it takes longer than 30 s" } : readHere(...asked);
    });
    writeFileSync(path, withCommand("two"));
    expect(commandIn(await next())).toBe("two");
    // A busy machine may be slow besides, and says so.
    const errors = log.lines.filter(({ level, fields }) => level === "error" && "reason" in fields);
    expect(errors.map((line) => line.fields["reason"])).toEqual(Array(2).fill("it takes longer than 30 s"));
  });

  it("once it is read, however long that takes: in the log it is said meanwhile", async () => {
    let go: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const { path, next, log, told } = watchIn(tempDir({ "portcullis.yaml": withCommand("one") }), async (...asked) => {
      await gate;
      return readHere(...asked);
    });
    writeFileSync(path, withCommand("two"));
    await vi.waitFor(() => expect(log.lines.map((line) => line.level)).toContain("error"), { timeout: 30_000 });
    expect(told).toEqual([]);
    go();
    expect(commandIn(await next())).toBe("two");
  });

  it("naming in the log the keys that wait for the next start", async () => {
    const { path, next, log } = watchIn(tempDir({ "portcullis.yaml": withCommand("one") }));
    writeFileSync(path, `${withCommand("two")}server: { port: 4000 }\nerrors: protocol\n`);
    await next();
    const warnings = log.lines.filter((line) => line.level === "warn");
    expect(warnings.map((line) => line.fields["keys"])).toEqual([["server", "errors"]]);
  });
});

it("what changes nothing is not told: other files beside it, the same text again, comments", async () => {
  const dir = tempDir({ "portcullis.yaml": withCommand("one") });
  const { path, told, next } = watchIn(dir);
  mkdirSync(join(dir, "data"));
  writeFileSync(join(dir, "notes.txt"), "x");
  writeFileSync(path, withCommand("one"));
  writeFileSync(path, `# as it was\n${withCommand("one")}`);
  writeFileSync(path, withCommand("two"));
  expect(commandIn(await next())).toBe("two");
  expect(told).toHaveLength(1);
});
