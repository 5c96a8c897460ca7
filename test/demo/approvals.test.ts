import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLI } from "../support/built.ts";
import { runCommandHere } from "../support/command.ts";
import { type Demo, runLines as run, startDemo } from "../support/demo.ts";
import { eventually } from "../support/eventually.ts";

const hasCurl = spawnSync("curl", ["--version"]).status === 0;

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
}, 70_000);
afterAll(() => demo?.stop());

const ask = (): string => demo.curl("crm__delete_customer");
const asSam = (): string => demo.printed(/^ {3}export PORTCULLIS_URL=.*$/gm);
const list = (): string => `${asSam()}\n${demo.printed(/^ {3}node dist\/cli\.js approvals list.*$/gm)}`;

/** The id of the only request that waits, from the list. */
async function onlyId(): Promise<string> {
  return eventually(async () => {
    const { out } = await run(list()).ended;
    return /apr_[\w-]+/.exec(out)?.[0];
  });
}

/** Decides as the tour says. There is nobody at a terminal here, so that what is asked there is said beforehand. */
function approve(id: string) {
  const line = demo.printed(/^ {3}node dist\/cli\.js approvals approve.*$/gm).replace(/<.*>/, id);
  return run(`${asSam()}\n${line} --yes`).ended;
}

describe("the demo's first calls", () => {
  it.skipIf(!hasCurl)("are curl lines that work as printed", async () => {
    const lines = ["expenses__create_expense", "crm__get_customer"].map((tool) => demo.curl(tool));
    const answers = await Promise.all(lines.map(async (line) => JSON.parse((await run(line).ended).out).result));
    expect(answers).toMatchObject([
      { isError: true, content: [{ text: expect.stringContaining("Expenses above 10,000 need the CFO") }] },
      { structuredContent: { customer_id: "c-1001" } },
    ]);
  });

  it("are in the audit, as the commands show that it prints", async () => {
    const store = ["--store", `file:${demo.data}/portcullis.db`];
    const listed = spawnSync(process.execPath, [CLI, "audit", "list", ...store], { encoding: "utf8" });
    expect(listed.status).toBe(0);
    if (hasCurl) expect(listed.stdout).toMatch(/ann@example\.com +expenses\/create_expense +deny +large-expenses/);
    expect((await runCommandHere(".", ["audit", "verify", ...store])).stdout).toMatch(/^Good/);
  });
});

describe.skipIf(!hasCurl)("the demo's call that waits for people", () => {
  it("waits, is approved with the printed lines, and gives its result when it is made again", async () => {
    // As printed, but for who reads it: the first one is given up by its user.
    const first = run(`exec ${ask().trim()}`);
    const id = await onlyId();
    first.child.kill();
    await first.ended;
    expect(await approve(id)).toMatchObject({ code: 0, out: expect.stringContaining(`Approved. ${id} is approved.`) });
    const again = JSON.parse((await run(ask()).ended).out);
    expect(again.result).toMatchObject({ content: [{ text: "Deleted customer c-1002." }] });
  }, 60_000);

  it("gives its result to whoever still waits", async () => {
    const held = run(ask());
    expect(await approve(await onlyId())).toMatchObject({ code: 0 });
    // By then it is an event stream. She is gone since the test before.
    expect((await held.ended).out).toContain("There is no customer c-1002.");
  }, 60_000);
});

describe("the example of a client that waits", () => {
  const client = (customer: string) => {
    const [, url = "", key = ""] = /curl -s (\S+) .*\n.*Bearer (\w\S+)"/.exec(ask()) ?? [];
    const line = `node examples/approvals/call-and-wait.mjs ${url} crm__delete_customer '{"customer_id":"${customer}"}'`;
    return run(`PORTCULLIS_KEY=${key} ${line}`);
  };

  const shown = (texts: { readonly err: string }): Promise<string> =>
    eventually(async () => /approvals\/(apr_[\w-]+)/.exec(texts.err)?.[1]);

  it("says where its request is, and prints the result when somebody has approved", async () => {
    const { texts, ended } = client("c-1003");
    const id = await shown(texts);
    expect(texts.err).toContain("Waiting for approval 1 of 1 (customer-care)");
    expect(await approve(id)).toMatchObject({ code: 0 });
    expect(await ended).toMatchObject({ code: 0, out: "Deleted customer c-1003.\n" });
  }, 60_000);

  it("prints the reason when somebody has rejected", async () => {
    const { texts, ended } = client("c-1001");
    const line = `npm run portcullis -- approvals reject ${await shown(texts)} --reason "Keep it." --yes`;
    expect(await run(`${asSam()}\n${line}`).ended).toMatchObject({ code: 0 });
    const { code, out } = await ended;
    expect([code, out]).toEqual([1, expect.stringMatching(/rejected[\s\S]*Keep it\./)]);
  }, 60_000);
});

it("the demo ends cleanly when it is told to", async () => {
  await demo.program.stop();
  expect(demo.program.exitCode()).toBe(0);
});
