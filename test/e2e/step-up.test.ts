import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isObject, type JsonObject } from "../../src/core/json.ts";
import { openStoreReader } from "../../src/store/open-store.ts";
import { eventually } from "../support/eventually.ts";
import { STEP_UP_SECRET } from "../support/oidc.ts";
import { decide, inState, resultOf, TASKS, textOf } from "../support/paused-callers.ts";
import { modern, type RawAnswer, send } from "../support/raw-mcp.ts";
import {
  callRaw,
  challengeIn,
  openLink,
  type StepUpGateway,
  signInAt,
  startStepUpGateway,
} from "../support/step-up-gateway.ts";

const SIX_MINUTES = 360_000;

let world: StepUpGateway;
let ann: Record<string, string>;
let passed = 0;

beforeAll(async () => {
  world = await startStepUpGateway(() => Date.now() + passed);
  ann = await world.headers("ann");
}, 60_000);
afterEach(() => {
  passed = 0;
});
afterAll(() => world?.close(), 30_000);

const runs = () => world.upstream.seen.filter((headers) => headers["mcp-method"] === "tools/call").length;
const call = (text: string, headers = ann, more = {}) => callRaw(world.gateway, headers, text, more);
const order = { params: { name: "modern__order" } };

/** Whether a call went through, or asks for a sign-in. */
function gist(answer: RawAnswer): string {
  const result = resultOf(answer);
  const meta = result["_meta"];
  if (isObject(meta) && "portcullis/step_up" in meta) return "asks to sign in";
  return isObject(meta) && "portcullis/approval" in meta ? "asks for approval" : textOf(result);
}

describe("a call that needs a second factor", () => {
  it("goes through once the user has signed in, and then never again", async () => {
    const before = runs();
    const first = await call("pay 1");
    const result = resultOf(first);
    expect(result).toMatchObject({
      isError: true,
      _meta: { "portcullis/step_up": { acr: ["mfa"], expires_at: expect.stringMatching(/Z$/) } },
    });
    const { id, url } = challengeIn(first);
    expect(url).toBe(`${world.gateway.url}/step-up/${id}`);
    expect(textOf(result)).toMatch(/Not executed.*Paying needs a second factor\..*call modern__echo again/s);
    expect(textOf(result)).toContain(url);
    expect(runs()).toBe(before);

    expect((await signInAt(url, "ann")).status).toBe(200);
    const both = await Promise.all([call("pay 1"), call("pay 1")]);
    expect(both.map(gist).sort()).toEqual(["asks to sign in", "pay 1"]);
    expect(runs()).toBe(before + 1);
  });

  it("asked for again and again is one challenge", async () => {
    const first = challengeIn(await call("pay often"));
    expect(challengeIn(await call("pay often"))).toEqual(first);
    expect(challengeIn(await call("pay something else")).id).not.toBe(first.id);
  });

  it("goes on after a restart between the link and the way back", async () => {
    const { url } = challengeIn(await call("pay after a restart"));
    const journey = await openLink(url);
    await world.restart();
    expect((await journey.finish("ann")).status).toBe(200);
    expect(gist(await call("pay after a restart"))).toBe("pay after a restart");
  });

  it.each([
    { what: "somebody else", account: "sam", acr: "mfa", reason: "wrong_user" },
    { what: "a password alone", account: "ann", acr: "pwd", reason: "too_weak" },
  ])("gains nothing by the sign-in of $what", async ({ what, account, acr, reason }) => {
    const { id, url } = challengeIn(await call(`pay ${what}`));
    const page = await (await openLink(url)).finish(account, acr);
    expect(page.status).toBeGreaterThanOrEqual(400);
    expect(world.events.filter(({ challenge }) => challenge === id).at(-1)).toMatchObject({ act: "refused", reason });
    expect(gist(await call(`pay ${what}`))).toBe("asks to sign in");
    expect(gist(await call(`pay ${what}`, await world.headers("sam")))).toBe("asks to sign in");
  });
});

describe("a sign-in", () => {
  const headersOf = (name: string) =>
    name === "ann at another client"
      ? world.headers("ann", { clientId: "other-agent" })
      : name === "sam"
        ? world.headers("sam")
        : Promise.resolve(ann);
  it.each([
    { per: "call", text: "pay table", by: "ann", next: "pay table 2", comes: "asks to sign in" },
    { per: "call", text: "pay table", by: "sam", next: "pay table", comes: "asks to sign in" },
    { per: "call", text: "pay table", by: "ann at another client", next: "pay table", comes: "asks to sign in" },
    { per: "call", text: "pay it", by: "ann", next: "pay it", comes: "pay it" },
    { per: "tool", text: "tool 1", by: "ann", next: "tool 2", comes: "tool 2" },
    { per: "tool", text: "tool 1", by: "sam", next: "tool 2", comes: "asks to sign in" },
    { per: "tool", text: "tool 1", by: "ann at another client", next: "tool 2", comes: "asks to sign in" },
    { per: "tool", text: "tool 1", by: "ann", next: "session 1", comes: "asks to sign in" },
    { per: "session", text: "session 1", by: "ann", next: "session 2", comes: "session 2" },
    { per: "session", text: "session 1", by: "sam", next: "session 2", comes: "asks to sign in" },
    { per: "session", text: "session 1", by: "ann at another client", next: "session 2", comes: "asks to sign in" },
  ])("of ann per $per, made for $text: $next by $by → $comes", async ({ text, by, next, comes }) => {
    const first = await call(text);
    if (gist(first) === "asks to sign in") await signInAt(challengeIn(first).url, "ann");
    expect(gist(await call(next, await headersOf(by)))).toBe(comes);
  });

  it("for a tool serves no other tool", async () => {
    expect(gist(await call("tool 3"))).toBe("tool 3");
    expect(gist(await call("tea", ann, order))).toBe("asks to sign in");
  });

  it("counts no longer than the configuration says", async () => {
    expect(gist(await call("tool 4"))).toBe("tool 4");
    passed = SIX_MINUTES;
    expect(gist(await call("tool 4"))).toBe("asks to sign in");
  });
});

describe("a call that needs a sign-in and an approval", () => {
  const request = async (text: string): Promise<string> => {
    const { url } = challengeIn(await call(text));
    expect((await world.gateway.running.wired.approvals.list({ states: ["pending"], limit: 9 })).items).toEqual([]);
    await signInAt(url, "ann");
    // A client with tasks waits for nobody.
    const { taskId } = resultOf(await call(text, ann, { meta: TASKS }));
    return String(taskId);
  };
  const task = async (id: string): Promise<JsonObject> => {
    const sent = modern("tasks/get", { taskId: id }, { meta: TASKS, headers: { "Mcp-Name": id } });
    const headers = { ...sent.headers, Authorization: ann["authorization"] };
    return resultOf(await send(Number(new URL(world.gateway.url).port), { ...sent, headers }));
  };

  it("asks for the sign-in first, then for the approval, and runs once", async () => {
    const before = runs();
    const id = await request("both 1");
    expect(runs()).toBe(before);
    await decide(world.gateway, id);
    await inState(world.gateway, id, "succeeded");
    expect(await task(id)).toMatchObject({ status: "completed", result: { content: [{ text: "both 1" }] } });
    expect(runs()).toBe(before + 1);
  });

  it("needs no second sign-in for the result of what was run with the first", async () => {
    const before = runs();
    const id = await request("both 3");
    await decide(world.gateway, id);
    await inState(world.gateway, id, "succeeded");
    expect(gist(await call("both 3"))).toBe("both 3");
    expect(runs()).toBe(before + 1);
  });

  it("waits for its requester where the sign-in is too old by the time of the approval", async () => {
    const before = runs();
    const id = await request("both 2");
    passed = SIX_MINUTES;
    await decide(world.gateway, id);
    expect(await task(id)).toMatchObject({
      status: "working",
      statusMessage: expect.stringContaining("sign in again"),
    });
    const told = await call("", ann, { params: { name: "portcullis_approval_status", arguments: { id } } });
    expect(textOf(resultOf(told))).toContain("has to sign in again before it is run");
    expect(gist(await call("both 2"))).toBe("asks to sign in");
    expect(runs()).toBe(before);
    expect((await world.gateway.running.wired.approvals.get(id))?.state).toBe("approved");
    await signInAt(challengeIn(await call("both 2")).url, "ann");
    expect(gist(await call("both 2"))).toBe("both 2");
    expect(runs()).toBe(before + 1);
    expect(await task(id)).toMatchObject({ status: "completed", result: { content: [{ text: "both 2" }] } });
  });
});

describe("the record", () => {
  const entries = async (tool: string) => {
    const reader = openStoreReader({ url: `file:${world.gateway.dir}/data/portcullis.db` });
    const { entries: found } = await reader.audit.list({ limit: 500, tool });
    reader.close();
    return found;
  };

  it("says which policies asked, and what satisfied them", async () => {
    const first = await call("coffee", ann, order);
    await signInAt(challengeIn(first).url, "ann");
    const meta = { "io.modelcontextprotocol/clientCapabilities": { elicitation: { form: {} } } };
    expect(resultOf(await call("coffee", ann, { ...order, meta }))["resultType"]).toBe("input_required");
    const story = await eventually(async () => {
      const found = (await entries("order")).filter(({ kind }) => kind === "opened").slice(-2);
      return found.length === 2 && found.every(({ outcome }) => outcome !== null) ? found : undefined;
    });
    const asked = { policy: "asking", effect: "step_up", because: "condition" };
    expect(story.map(({ decision, outcome }) => `${decision} ${outcome}`)).toEqual([
      "step_up step_up_pending",
      "step_up input_required",
    ]);
    expect(story.map(({ policies }) => policies)).toEqual([
      JSON.stringify([asked]),
      JSON.stringify([{ ...asked, satisfied: "elevation" }]),
    ]);
  });

  it("says what became of each sign-in, and which calls it concerns", async () => {
    const { id, url } = challengeIn(await call("pay on record"));
    await (await openLink(url)).finish("sam");
    await signInAt(url, "ann");
    expect(gist(await call("pay on record"))).toBe("pay on record");
    const story = await eventually(async () => {
      const found = (await entries("echo")).filter(({ challenge }) => challenge === id);
      return found.length === 4 && found.every(({ outcome }) => outcome !== null) ? found : undefined;
    });
    expect(story).toMatchObject([
      { kind: "opened", decision: "step_up", actor: "ann", outcome: "step_up_pending" },
      { kind: "decided", decision: "step_up", actor: null, outcome: "wrong_user", approval: null, callId: id },
      { kind: "decided", decision: "step_up", actor: "ann", outcome: "signed_in", approval: null, callId: id },
      { kind: "opened", decision: "step_up", actor: "ann", outcome: "ok" },
    ]);
  });

  it("and the log hold nothing secret", async () => {
    const { url } = challengeIn(await call("pay in secret"));
    const journey = await openLink(url);
    await journey.finish("ann");
    await call("pay in secret");
    await world.gateway.running.close();
    const file = `${world.gateway.dir}/data/portcullis.db`;
    const kept = `${readFileSync(file, "latin1")}${world.gateway.logged.join("\n")}`;
    const token = ann["authorization"]?.slice("Bearer ".length) ?? "";
    for (const secret of [...journey.secrets, token, STEP_UP_SECRET]) {
      expect(secret.length).toBeGreaterThan(16);
      expect(kept.includes(secret)).toBe(false);
    }
    expect(kept).toContain("step_up_pending");
  });
});
