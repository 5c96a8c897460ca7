import { execFileSync } from "node:child_process";
import { promises as fs } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Log } from "../../src/core/log.ts";
import { type PolicyDirectory, watchPolicies } from "../../src/policy/compile/directory.ts";
import { outlineOf, readOutline } from "../../src/policy/compile/set-outline.ts";
import { readPolicyFiles } from "../../src/policy/file/read-files.ts";
import { watchFolder } from "../../src/policy/file/watch-folder.ts";
import type { LevelFolder } from "../../src/policy/levels.ts";
import type { PolicyError, PolicySet } from "../../src/policy/policy-set.ts";
import { policyInput } from "../support/policy-inputs.ts";

const DENY = "policies: [{ id: p, then: { deny: {} } }]\n";
const ALLOW = "policies: [{ id: p, then: { allow: {} } }]\n";
const BAD = "policies: [{ id: p, when: agrs.x, then: { deny: {} } }]\n";

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function folder(files: Readonly<Record<string, string>>): Promise<string> {
  const dir = await fs.mkdtemp(join(tmpdir(), "policies-"));
  cleanUps.push(() => fs.rm(dir, { recursive: true }));
  for (const [name, text] of Object.entries(files)) await put(dir, name, text);
  return dir;
}

async function put(dir: string, name: string, text: string): Promise<void> {
  await fs.mkdir(join(dir, name, ".."), { recursive: true });
  await fs.writeFile(join(dir, name), text);
}

/** A stream of what happened, to wait on. */
function events<T>() {
  const seen: T[] = [];
  const waiting: ((value: T) => void)[] = [];
  return {
    seen,
    push(value: T) {
      seen.push(value);
      waiting.shift()?.(value);
    },
    next: () => new Promise<T>((resolve) => waiting.push(resolve)),
  };
}

/** Reads as the gateway does, in this thread: one of its own takes a while to begin. */
const readHere: typeof readOutline = async (place) => ({ ok: true, value: structuredClone(outlineOf(place)) });

async function open(
  dir: string,
  now: () => number = () => 0,
  read: typeof readOutline | undefined = readHere,
  folders: readonly LevelFolder[] = [],
) {
  const repairs = events<true>();
  const swaps = events<PolicySet>();
  const refusals = events<readonly PolicyError[]>();
  const lines: string[] = [];
  const write = (_fields: object, message: string) => void lines.push(message);
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const opened = await watchPolicies({
    dir,
    folders,
    default: "allow",
    flows: [],
    log,
    now,
    ...(read !== undefined && { read }),
    retryMs: 10,
    onSwap: (set) => swaps.push(set),
    onRefused: (errors) => refusals.push(errors),
    onRepaired: () => repairs.push(true),
  });
  if (opened.ok) cleanUps.push(() => opened.policies.close());
  return { opened, swaps, refusals, repairs, lines };
}

function good(opened: Awaited<ReturnType<typeof open>>["opened"]): PolicyDirectory {
  if (!opened.ok) throw new Error(opened.report);
  return opened.policies;
}

describe("a folder of policies", () => {
  it("counts every policy file in and below it, in the order of names, and no test file or hidden one", async () => {
    const named = (id: string) => `policies: [{ id: ${id}, then: { deny: {} } }]\n`;
    const dir = await folder({
      "b.yml": named("b"),
      "a.yaml": named("a"),
      "sub/c.yaml": named("c"),
      "D.YAML": named("d"),
      "a.test.yaml": "tests: []",
      "b.Test.YML": "tests: []",
      ".hidden.yaml": BAD,
      "..data/a.yaml": named("a"),
      "notes.md": "# not a policy",
    });
    const { opened } = await open(dir);
    expect(
      good(opened)
        .current()
        .policies.map(({ id }) => id),
    ).toEqual(["d", "a", "b", "c"]);
    expect(good(opened).errors()).toEqual([]);
  });

  it("refuses to open with a bad file, and tells every mistake with its line", async () => {
    const dir = await folder({ "a.yaml": BAD, "b.yaml": "policies: 5\n", "c.yaml": "policies: []" });
    const { opened } = await open(dir);
    if (opened.ok) throw new Error("It opened.");
    expect(opened.errors.map(({ file, line }) => `${file}:${line}`)).toEqual([`${dir}/a.yaml:1`, `${dir}/b.yaml:1`]);
    expect(opened.report).toContain("when: agrs.x");
    expect(opened.report).toContain("Did you mean `args`?");
  });

  it.runIf(process.platform !== "win32")("reads files only, and no more of them than fits", async () => {
    const dir = await folder({ "a.yaml": ALLOW });
    const { opened, swaps, refusals } = await open(dir);
    good(opened);
    const linked = async (target: string): Promise<string> => {
      const refused = refusals.next();
      await fs.symlink(target, join(dir, "x.yaml"));
      const [error] = await refused;
      await fs.rm(join(dir, "x.yaml"));
      return error?.message ?? "";
    };
    const pipe = join(await folder({}), "pipe");
    execFileSync("mkfifo", [pipe]);
    const other = "The file cannot be read: it is a pipe or a device, not a file.";
    expect(await linked(pipe)).toBe(other);
    expect(await linked("/dev/zero")).toBe(other);
    const large = join(await folder({ large: `#${"x".repeat(1_048_576)}` }), "large");
    expect(await linked(large)).toBe("The file cannot be read: it is larger than 1 MB.");

    const swapped = swaps.next();
    await put(dir, "a.yaml", DENY);
    expect((await swapped).policies.map(({ effect }) => effect)).toEqual(["deny"]);
  });

  it.runIf(process.platform !== "win32")("refuses links to folders, and walks none of them", async () => {
    const elsewhere = await folder({ "deep/er/x.yaml": DENY });
    const dir = await folder({ "a.yaml": DENY });
    const { opened, swaps, refusals } = await open(dir);
    const refused = refusals.next();
    await fs.symlink(elsewhere, join(dir, "elsewhere"));
    const message = "This links to a folder, and such links are not followed.";
    expect(await refused).toMatchObject([{ file: join(dir, "elsewhere"), message }]);
    await fs.symlink(dir, join(dir, "itself"));
    expect(readPolicyFiles(dir, { mayBeMissing: false })).toMatchObject({
      errors: [{ file: join(dir, "elsewhere") }, { file: join(dir, "itself") }],
    });

    await fs.rm(join(dir, "elsewhere"));
    await fs.rm(join(dir, "itself"));
    const swapped = swaps.next();
    await put(dir, "a.yaml", ALLOW);
    await swapped;
    // Nobody watches what it led to.
    await put(elsewhere, "deep/er/x.yaml", BAD);
    expect(good(opened).refused()).toBeUndefined();
  });

  it("is watched up to a number of files and folders, and says once that there are more", async () => {
    const names = Array.from({ length: 12 }, (_, index) => `${index}.yaml`);
    const dir = await folder(Object.fromEntries(names.map((name) => [name, ALLOW])));
    const faults: string[] = [];
    const watch = await watchFolder({
      dir,
      includes: () => true,
      settleMs: 20,
      onChange: () => {},
      onFault: (err) => faults.push(String(err)),
      maxEntries: 10,
    });
    cleanUps.push(() => watch.close());
    expect(faults).toEqual([expect.stringContaining("There are more than 10 files and folders")]);
  });

  it.runIf(process.platform !== "win32")("may itself be a link, and takes what linked files say", async () => {
    const real = await folder({});
    const shared = await folder({ shared: ALLOW });
    await fs.symlink(join(shared, "shared"), join(real, "a.yaml"));
    const dir = join(await folder({}), "link");
    await fs.symlink(real, dir);
    const { opened, swaps } = await open(dir);
    expect(
      good(opened)
        .current()
        .policies.map(({ effect }) => effect),
    ).toEqual(["allow"]);
    const swapped = swaps.next();
    await put(shared, "shared", DENY);
    expect((await swapped).policies.map(({ effect }) => effect)).toEqual(["deny"]);
  });

  it("refuses more than 8 MB of files together", async () => {
    const text = `policies: [] #${"x".repeat(1_000_000)}\n`;
    const { opened } = await open(
      await folder(Object.fromEntries([..."abcdefghi"].map((name) => [`${name}.yaml`, text]))),
    );
    expect(opened.ok ? [] : opened.errors).toMatchObject([
      { message: "The files up to this one are larger than 8 MB together." },
    ]);
  });

  it("opens empty where there is no folder, and takes its files up whenever there is one", async () => {
    const dir = join(await folder({}), "later");
    const { opened, swaps, refusals } = await open(dir);
    expect(good(opened).current().policies).toEqual([]);
    const swapped = swaps.next();
    await put(dir, "a.yaml", DENY);
    expect((await swapped).policies.map((policy) => policy.effect)).toEqual(["deny"]);

    const refused = refusals.next();
    await fs.rm(dir, { recursive: true });
    await refused;
    expect(good(opened).current().policies).toHaveLength(1);
    const swappedAgain = swaps.next();
    await put(dir, "a.yaml", ALLOW);
    expect((await swappedAgain).policies.map((policy) => policy.effect)).toEqual(["allow"]);
  });

  it("swaps a changed set in, whole", async () => {
    const dir = await folder({ "a.yaml": ALLOW });
    const { opened, swaps } = await open(dir);
    const policies = good(opened);
    const before = policies.current();
    expect(before.decide(policyInput()).effect).toBe("allow");

    const swapped = swaps.next();
    await put(dir, "a.yaml", DENY);
    expect(await swapped).toBe(policies.current());
    expect(policies.current().decide(policyInput()).effect).toBe("deny");
    expect(policies.current().digest).not.toBe(before.digest);
  });

  it("hears of new files, new folders and removed files", async () => {
    const dir = await folder({ "a.yaml": ALLOW });
    const { opened, swaps } = await open(dir);
    const added = swaps.next();
    await put(dir, "deep/er/b.yaml", "policies: [{ id: q, then: { deny: {} } }]\n");
    expect((await added).policies.map(({ id }) => id)).toEqual(["p", "q"]);
    const removed = swaps.next();
    await fs.rm(join(dir, "a.yaml"));
    expect((await removed).policies.map(({ id }) => id)).toEqual(["q"]);
    expect(good(opened).current().policies).toHaveLength(1);
  });

  it("keeps the old set when the new one is bad, says so, and goes on when it is repaired", async () => {
    const dir = await folder({ "a.yaml": DENY });
    const { opened, swaps, refusals, lines } = await open(dir);
    const policies = good(opened);
    const before = policies.current();

    const refused = refusals.next();
    await put(dir, "a.yaml", BAD);
    const errors = await refused;
    expect(errors).toMatchObject([{ line: 1, column: 27, message: "Unknown variable: agrs." }]);
    expect(policies.errors()).toBe(errors);
    expect(policies.current()).toBe(before);
    expect(lines.at(-1)).toContain("The changed policies were refused; the old ones stay.\n");
    expect(lines.at(-1)).toContain("Unknown variable: agrs.");

    const swapped = swaps.next();
    await put(dir, "a.yaml", ALLOW);
    await swapped;
    expect(policies.errors()).toEqual([]);
    expect(policies.current().decide(policyInput()).effect).toBe("allow");
  });

  it("is read in a thread of its own while it decides", async () => {
    const dir = await folder({ "a.yaml": DENY });
    const { opened, swaps, refusals } = await open(dir, () => 0, readOutline);
    const swapped = swaps.next();
    await put(
      dir,
      "a.yaml",
      "policies: [{ id: p, when: 'args.n.matches(\"^a+$\")', then: { deny: { message: no } } }]\n",
    );
    expect((await swapped).decide(policyInput({ arguments: { n: "aa" } }))).toMatchObject({ effect: "deny" });
    expect((await swapped).decide(policyInput({ arguments: { n: "b" } }))).toMatchObject({ effect: "allow" });
    const refused = refusals.next();
    await put(dir, "a.yaml", BAD);
    expect(await refused).toMatchObject([{ line: 1, column: 27, message: "Unknown variable: agrs." }]);
    expect(good(opened).refused()?.files).toEqual([{ name: join(dir, "a.yaml"), text: BAD }]);
  });

  it("keeps the old set while its folder cannot be read, says so, and reads it again by itself", async () => {
    const dir = await folder({ "a.yaml": DENY });
    let hangs = true;
    const slow: typeof readOutline = (place, signal) =>
      hangs ? Promise.resolve({ ok: false, reason: "it takes longer than 30 s" }) : readHere(place, signal);
    const { opened, swaps, refusals, lines } = await open(dir, () => 0, slow);
    const refused = refusals.next();
    await put(dir, "a.yaml", ALLOW);
    expect(await refused).toMatchObject([{ message: "The policies cannot be read: it takes longer than 30 s." }]);
    expect(lines.at(-1)).toContain("the old ones stay");
    expect(good(opened).current().policies).toMatchObject([{ effect: "deny" }]);
    const swapped = swaps.next();
    hangs = false;
    expect((await swapped).policies).toMatchObject([{ effect: "allow" }]);
    expect(good(opened).refused()).toBeUndefined();
  });

  it("ends what is still read when it is closed", async () => {
    const dir = await folder({ "a.yaml": DENY });
    const begun = events<AbortSignal>();
    const never: typeof readOutline = (_place, signal) => {
      begun.push(signal);
      return new Promise((resolve) =>
        signal.addEventListener("abort", () => resolve({ ok: false, reason: "it was stopped" })),
      );
    };
    const { opened } = await open(dir, () => 0, never);
    const reading = begun.next();
    await put(dir, "a.yaml", ALLOW);
    await reading;
    await good(opened).close();
    expect(good(opened).refused()).toBeUndefined();
  });

  it("keeps the texts of the set that decides, and those of refused files beside them", async () => {
    const dir = await folder({ "a.yaml": DENY });
    let clock = 1_000;
    const { opened, swaps, refusals, repairs } = await open(dir, () => clock);
    const policies = good(opened);
    const name = join(dir, "a.yaml");
    const files = [{ name, text: DENY }];
    expect(policies.loaded()).toEqual({ set: policies.current(), files, folders: [], since: 1_000 });
    expect(policies.refused()).toBeUndefined();

    clock = 2_000;
    const refused = refusals.next();
    await put(dir, "a.yaml", BAD);
    const errors = await refused;
    expect(policies.refused()).toEqual({ errors, files: [{ name, text: BAD }] });
    expect(policies.loaded()).toMatchObject({ files: [{ name, text: DENY }], since: 1_000 });

    const repaired = repairs.next();
    await put(dir, "a.yaml", DENY);
    await repaired;
    expect(policies.refused()).toBeUndefined();
    expect(policies.loaded().since).toBe(1_000);

    const swapped = swaps.next();
    await put(dir, "a.yaml", ALLOW);
    await swapped;
    expect(policies.loaded()).toMatchObject({ set: policies.current(), files: [{ text: ALLOW }], since: 2_000 });
  });

  it.each<[string, (dir: string) => Promise<void>]>([
    ["is removed", (dir) => fs.rm(join(dir, "p.yaml"))],
    ["is renamed to what is none", (dir) => fs.rename(join(dir, "p.yaml"), join(dir, "p.yaml.bak"))],
    ["is hidden", (dir) => fs.rename(join(dir, "p.yaml"), join(dir, ".p.yaml"))],
    [
      "has a folder in its place",
      async (dir) => {
        await fs.rm(join(dir, "p.yaml"));
        await fs.mkdir(join(dir, "p.yaml"));
      },
    ],
  ])("keeps the old set when the last file %s, and says so", async (_how, change) => {
    const dir = await folder({ "p.yaml": DENY });
    const { opened, refusals, repairs, lines } = await open(dir);
    const refused = refusals.next();
    await change(dir);
    expect(await refused).toMatchObject([{ file: dir, message: expect.stringContaining("no policy files any more") }]);
    expect(good(opened).current().decide(policyInput()).effect).toBe("deny");
    expect(lines.at(-1)).toContain("the old ones stay");
    const repaired = repairs.next();
    await fs.rm(join(dir, "p.yaml"), { recursive: true, force: true });
    await put(dir, "p.yaml", DENY);
    await repaired;
  });

  it("takes a file that lists none for what it says, and warns", async () => {
    const dir = await folder({ "p.yaml": DENY });
    const { swaps, lines } = await open(dir);
    const swap = swaps.next();
    await put(dir, "p.yaml", "policies: []\n");
    expect((await swap).policies).toEqual([]);
    expect(lines.at(-1)).toContain("every call is allowed");
  });

  it("keeps the old set when the folder goes away", async () => {
    const dir = await folder({ "in/a.yaml": DENY });
    const { opened, refusals } = await open(join(dir, "in"));
    const refused = refusals.next();
    await fs.rm(join(dir, "in"), { recursive: true });
    await refused;
    expect(good(opened).current().decide(policyInput()).effect).toBe("deny");
  });

  it("says nothing after it was closed", async () => {
    const dir = await folder({ "a.yaml": DENY });
    const { opened, swaps } = await open(dir);
    const policies = good(opened);
    await put(dir, "a.yaml", ALLOW);
    await policies.close();
    expect(swaps.seen).toEqual([]);
    expect(policies.current().decide(policyInput()).effect).toBe("deny");
  });
});

describe("folders of several levels", () => {
  const finance = (dir: string, fallback: "allow" | "deny" = "allow"): LevelFolder => ({
    level: "endpoint/finance",
    dir,
    default: fallback,
  });
  const decided = (policies: PolicyDirectory) =>
    policies.current().decide(policyInput({ request: { endpoint: "finance" } })).effect;
  const openWith = async (dir: string, ...folders: readonly LevelFolder[]) => open(dir, undefined, readHere, folders);

  it("are one set from the start, each watched", async () => {
    const [dir, own] = [await folder({ "a.yaml": "policies: []\n" }), await folder({ "b.yaml": DENY })];
    const { opened, swaps } = await openWith(dir, finance(own));
    const policies = good(opened);
    expect(policies.current().policies.map(({ id }) => id)).toEqual(["endpoint/finance:p"]);
    await put(own, "b.yaml", ALLOW);
    await swaps.next();
    expect(decided(policies)).toBe("allow");
    await put(dir, "a.yaml", DENY);
    await swaps.next();
    expect(policies.current().policies.map(({ id }) => id)).toEqual(["p", "endpoint/finance:p"]);
  });

  it.each([
    [
      "missing",
      (dir: string) => fs.rm(join(dir, "own"), { recursive: true }),
      "correct endpoints.finance.policies.dir",
    ],
    ["empty", (dir: string) => fs.rm(join(dir, "own/b.yaml")), "There are no policy files for the endpoint finance"],
    ["broken", (dir: string) => put(dir, "own/b.yaml", BAD), "own/b.yaml:1"],
  ])("refuse a start where one is %s, and leave the whole set in force where it becomes so", async (_, spoil, told) => {
    const base = await folder({ "all/a.yaml": ALLOW, "own/b.yaml": DENY });
    const [dir, own] = [join(base, "all"), join(base, "own")];
    const { opened, refusals, repairs, swaps } = await openWith(dir, finance(own));
    const policies = good(opened);
    const set = policies.current();
    await spoil(base);
    while (refusals.seen.length === 0) await refusals.next();
    expect(policies.current()).toBe(set);
    expect(JSON.stringify(policies.errors())).toContain(own);
    const again = await openWith(dir, finance(own));
    expect(again.opened.ok ? "" : again.opened.report).toContain(told);
    await put(own, "b.yaml", DENY);
    await repairs.next();
    expect(policies.errors()).toEqual([]);
    expect(swaps.seen).toEqual([]);
  });

  it("may be all that there is: the gateway's own has no file then, and theirs are read again all the same", async () => {
    const [dir, own] = [await folder({}), await folder({ "b.yaml": DENY })];
    const { opened, swaps, refusals } = await openWith(dir, finance(own));
    await put(own, "b.yaml", ALLOW);
    await swaps.next();
    expect([decided(good(opened)), refusals.seen]).toEqual(["allow", []]);
  });

  it("come and go with the endpoints, in the same moment", async () => {
    const [dir, own] = [await folder({ "a.yaml": ALLOW }), await folder({ "b.yaml": DENY })];
    const { opened, swaps } = await openWith(dir);
    const policies = good(opened);
    const seen: string[] = [];
    const apply = (): void => void seen.push(decided(policies));
    policies.configure([finance(own)], apply);
    // Nothing is taken over before its policies are compiled.
    expect([seen, decided(policies)]).toEqual([[], "allow"]);
    await swaps.next();
    expect([seen, decided(policies)]).toEqual([["deny"], "deny"]);
    await put(own, "b.yaml", ALLOW);
    await swaps.next();
    expect(decided(policies)).toBe("allow");
    policies.configure([finance(own, "deny")], apply);
    await swaps.next();
    expect(policies.current().wantsAllowOf("finance", "expenses")).toEqual(["endpoint/finance"]);
    policies.configure([], apply);
    await swaps.next();
    expect(policies.current().policies.map(({ id }) => id)).toEqual(["p"]);
    // The same folders as before: at once.
    policies.configure([], apply);
    expect(seen).toEqual(["deny", "allow", "allow", "allow"]);
  });

  it("leave a configuration out as a whole while its policies are broken, and take it over once they are mended", async () => {
    const [dir, own] = [await folder({ "a.yaml": ALLOW }), await folder({ "b.yaml": BAD })];
    const { opened, swaps, refusals, repairs } = await openWith(dir);
    const policies = good(opened);
    let applied = 0;
    policies.configure([finance(own)], () => void applied++);
    await refusals.next();
    expect([applied, decided(policies)]).toEqual([0, "allow"]);
    expect(policies.errors().map(({ file }) => file)).toEqual([join(own, "b.yaml")]);
    await put(own, "b.yaml", DENY);
    await swaps.next();
    expect([applied, decided(policies)]).toEqual([1, "deny"]);

    await put(own, "b.yaml", ALLOW);
    await swaps.next();
    const other = await folder({ "c.yaml": BAD });
    policies.configure([finance(other)], () => {
      applied = 100;
    });
    while (policies.errors().length === 0) await refusals.next();
    // Another configuration comes before it is mended.
    policies.configure([finance(own)], () => void applied++);
    expect(applied).toBe(2);
    await repairs.next();
    expect(policies.errors()).toEqual([]);
    await put(other, "c.yaml", DENY);
    expect(applied).toBe(2);
  });
});
