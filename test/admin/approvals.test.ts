import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { approvalDetailSchema, approvalListSchema } from "../../src/admin/approvals/schema.ts";
import type { ApprovalRequest } from "../../src/core/approval.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { createApiKey } from "../../src/identity/api-keys.ts";
import {
  APPROVALS_CONFIG,
  askFor,
  describeTool,
  people,
  principalOf,
  type TestAsk,
} from "../support/approval-people.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type RawAnswer, type RawRequest, send } from "../support/raw-mcp.ts";

const BASE = "/api/v1/approvals";
const machine = createApiKey();

type Who = "ann" | "fin" | "flo" | "cfo" | "root" | "eve" | "lea" | "machine";

let gateway: TestGateway;
let port: number;
let count = 0;
const asked: ApprovalRequest[] = [];

beforeAll(async () => {
  const { auth } = APPROVALS_CONFIG;
  const robot = { name: "robot", hash: machine.hash, roles: ["finance-lead", "platform-admin"] };
  gateway = await startTestGateway({
    ...APPROVALS_CONFIG,
    auth: { ...auth, api_keys: [...auth.api_keys, robot], anonymous: true },
  });
  port = Number(new URL(gateway.url).port);
});
afterAll(() => gateway.close());

// Each ask is another call, so that none joins one of an earlier test; and nobody may have too many open.
async function ask(wanted: TestAsk = {}): Promise<ApprovalRequest> {
  count += 1;
  const request = await askFor(gateway, { ...wanted, arguments: { nr: count, ...wanted.arguments } });
  asked.push(request);
  return request;
}

afterEach(async () => {
  // Not taken back by who asked: that has a bound of its own.
  for (const { id } of asked.splice(0)) {
    await gateway.running.wired.approvals.invalidate(id, "The test is over.");
    await gateway.running.wired.approvals.delivered(id);
  }
});

function as(who: Who | undefined): string | undefined {
  if (who === undefined) return undefined;
  return who === "machine" ? `Bearer ${machine.key}` : people.bearer(who).authorization;
}

function get(who: Who | undefined, path: string, headers: RawRequest["headers"] = {}): Promise<RawAnswer> {
  return send(port, { method: "GET", path, headers: { Authorization: as(who), ...headers } });
}

function post(who: Who | undefined, path: string, body: RawRequest["body"], headers: RawRequest["headers"] = {}) {
  return send(port, {
    method: "POST",
    path,
    headers: { Authorization: as(who), ...headers },
    ...(body === undefined ? {} : { body }),
  });
}

function vote(request: ApprovalRequest, changes: JsonObject = {}): JsonObject {
  return { decision: "approve", version: request.version, arguments_digest: request.argumentsDigest, ...changes };
}

function decide(who: Who | undefined, request: ApprovalRequest, changes: JsonObject = {}): Promise<RawAnswer> {
  return post(who, `${BASE}/${request.id}/decision`, vote(request, changes));
}

async function idsOf(who: Who | undefined, query: string): Promise<readonly string[]> {
  const answer = await get(who, `${BASE}?limit=100${query}`);
  expect(answer.status).toBe(200);
  return approvalListSchema.parse(answer.json).items.map((item) => item.id);
}

describe("who sees a request", () => {
  it.each<[Who | undefined, string, boolean, "whole" | "redacted" | undefined]>([
    ["ann", "who asked", true, "whole"],
    ["fin", "an approver of the present stage", true, "whole"],
    ["cfo", "an approver of a stage to come", true, "whole"],
    ["root", "an administrator", true, "redacted"],
    ["eve", "somebody else", false, undefined],
    ["machine", "a machine with all the roles", false, undefined],
    [undefined, "nobody in particular", false, undefined],
  ])("%s, %s: %s, arguments %s", async (who, _, sees, form) => {
    const request = await ask({ arguments: { password: "hunter2-hunter2" }, message: "You wrote hunter2-hunter2." });
    expect((await idsOf(who, "")).includes(request.id)).toBe(sees);
    const one = await get(who, `${BASE}/${request.id}`);
    expect(one.status).toBe(sees ? 200 : 404);
    expect(one.json["arguments_form"]).toBe(form);
    expect(one.text.includes("hunter2-hunter2")).toBe(form === "whole");
  });

  it("says where people look at it", async () => {
    const request = await ask();
    const one = await get("ann", `${BASE}/${request.id}`);
    expect(one.json["url"]).toBe(`${gateway.url}/console/approvals/${request.id}`);
  });

  it("answers an id that is not for the reader like one that never was", async () => {
    const request = await ask();
    const hidden = await get("eve", `${BASE}/${request.id}`);
    const unknown = await get("eve", `${BASE}/apr_0000000000000000000000`);
    expect(hidden.text).toBe(unknown.text);
    const voted = await decide("eve", request);
    expect([voted.status, voted.text]).toEqual([404, unknown.text]);
  });

  it("lists arguments without secrets unless they are asked for", async () => {
    const request = await ask({ arguments: { password: "hunter2-hunter2" } });
    const shown = async (query: string) => {
      const page = approvalListSchema.parse((await get("fin", `${BASE}?${query}`)).json);
      return page.items.find((item) => item.id === request.id)?.arguments;
    };
    expect(await shown("")).toMatchObject({ password: "[redacted]" });
    expect(await shown("arguments=whole")).toMatchObject({ password: "hunter2-hunter2" });
  });

  it("does not fill a page with more whole arguments than anybody reads", async () => {
    for (const _ of [1, 2, 3])
      await ask({ by: "cfo", tool: "large", arguments: { text: "x".repeat(3 * 1024 * 1024) } });
    const page = approvalListSchema.parse((await get("fin", `${BASE}?tool=large&arguments=whole`)).json);
    expect(page.items.map((item) => item.arguments_form)).toEqual(["whole", "whole", "redacted"]);
  });

  it("says where arguments do not fit their tool, to whoever may see them", async () => {
    const definitionDigest = await describeTool(gateway, "pay");
    const odd = await ask({ tool: "pay", definitionDigest, arguments: { amount: "much" } });
    const misfits = ["nr is no argument of this tool.", "amount is not of the type number."];
    const unknown = await ask({ tool: "refund", arguments: { amount: "much" } });
    const shown = async (who: Who, id: string) => {
      const one = approvalDetailSchema.parse((await get(who, `${BASE}/${id}`)).json);
      const page = approvalListSchema.parse((await get(who, BASE)).json);
      return [one.arguments_misfits, page.items.find((item) => item.id === id)?.arguments_misfits];
    };
    expect(await shown("fin", odd.id)).toEqual([misfits, misfits]);
    expect(await shown("ann", odd.id)).toEqual([misfits, misfits]);
    expect(await shown("root", odd.id), "an administrator who may not see them").toEqual([null, null]);
    expect(await shown("fin", unknown.id), "a definition that is not on record").toEqual([null, null]);
  });

  it("says so of every request of a page, however long their arguments are", async () => {
    const definitionDigest = await describeTool(gateway, "pay");
    for (const _ of [1, 2, 3]) {
      await ask({ by: "cfo", tool: "pay", definitionDigest, arguments: { text: "x".repeat(1024 * 1024) } });
    }
    const page = approvalListSchema.parse((await get("fin", `${BASE}?tool=pay&state=pending`)).json);
    expect(page.items.map((item) => item.arguments_misfits?.length)).toEqual([2, 2, 2]);
  });

  it("lets machines and nobody in particular list their own requests, and those alone", async () => {
    const issuer = "portcullis:keys";
    const own = await ask({ principal: { issuer, subject: "robot", kind: "machine", clientId: "robot" } });
    const anonymous = await ask({ principal: { issuer: "portcullis:anonymous", subject: "anonymous" } });
    expect(await idsOf("machine", "")).toEqual([own.id]);
    expect(await idsOf(undefined, "")).toEqual([anonymous.id]);
  });
});

describe("who decides", () => {
  it.each<[Who | undefined, string, number, string]>([
    ["fin", "an approver of the present stage", 200, ""],
    ["cfo", "an approver of a stage to come", 403, "APPROVAL_NOT_ELIGIBLE"],
    ["ann", "who asked", 403, "APPROVAL_OWN"],
    ["root", "an administrator", 403, "APPROVAL_NOT_ELIGIBLE"],
    ["eve", "somebody else", 404, "APPROVAL_UNKNOWN"],
    ["machine", "a machine with the role", 403, "CREDENTIAL_INSUFFICIENT"],
    [undefined, "nobody in particular", 403, "CREDENTIAL_INSUFFICIENT"],
  ])("%s, %s: %i %s", async (who, _, status, code) => {
    const request = await ask();
    const answer = await decide(who, request);
    expect([answer.status, answer.json["code"] ?? ""]).toEqual([status, code]);
    const after = await gateway.running.wired.approvals.get(request.id);
    expect(after?.decisions).toHaveLength(status === 200 ? 1 : 0);
  });

  it("refuses a requester who is in the circle of approvers", async () => {
    const request = await ask({ by: "lea" });
    const seen = approvalDetailSchema.parse((await get("lea", `${BASE}/${request.id}`)).json);
    expect([seen.may_decide, seen.may_not_decide_because]).toEqual([false, "APPROVAL_OWN"]);
    expect((await decide("lea", request)).status).toBe(403);
  });

  it("takes a request through its stages, and records who said what", async () => {
    const request = await ask();
    const first = await decide("fin", request, { reason: "Fine with us." });
    expect(first.json).toMatchObject({ state: "pending", stage: 1, may_decide: false });
    expect(await idsOf("cfo", "&decidable=true")).toContain(request.id);
    const second = await decide("cfo", request, { version: first.json["version"] });
    expect(second.json).toMatchObject({ state: "approved", may_not_decide_because: "APPROVAL_CLOSED" });
    const seen = approvalDetailSchema.parse((await get("ann", `${BASE}/${request.id}`)).json);
    expect(seen.decisions).toMatchObject([
      { stage: 0, approver: { subject: "fin" }, decision: "approve", reason: "Fine with us.", channel: "api" },
      { stage: 1, approver: { subject: "cfo" }, decision: "approve", reason: null },
    ]);
    expect(seen.history.map((event) => event.act)).toEqual(["request", "approve", "approve"]);
    expect(Date.parse(seen.execute_until ?? "")).toBeGreaterThan(Date.now());
  });

  it("lets one of two approvers through who press at once, and tells the other how it stands", async () => {
    const request = await ask({ flow: "single" });
    const answers = await Promise.all([
      decide("fin", request),
      decide("flo", request, { decision: "reject", reason: "No." }),
    ]);
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 409]);
    const late = answers.find((answer) => answer.status === 409);
    expect(late?.json["current"]).toMatchObject({ version: 2, arguments_digest: request.argumentsDigest });
    expect(late?.headers["content-type"]).toBe("application/problem+json");
  });

  it.each<[string, JsonObject, number, string]>([
    ["a version that is over", { version: 7 }, 409, "APPROVAL_CONFLICT"],
    ["a digest of something else", { arguments_digest: "0".repeat(64) }, 409, "APPROVAL_DIGEST_MISMATCH"],
    ["a rejection without a reason", { decision: "reject" }, 400, "APPROVAL_REASON_REQUIRED"],
  ])("refuses %s", async (_, changes, status, code) => {
    const request = await ask();
    const answer = await decide("fin", request, changes);
    expect([answer.status, answer.json["code"]]).toEqual([status, code]);
    if (status === 409) expect(answer.json["current"]).toMatchObject({ state: "pending", version: 1 });
    expect((await gateway.running.wired.approvals.get(request.id))?.version).toBe(1);
  });

  it("refuses a second voice of the same person", async () => {
    const request = await ask();
    const first = await decide("fin", request);
    const again = await decide("fin", request, { version: first.json["version"] });
    expect([again.status, again.json["code"]]).toEqual([409, "APPROVAL_TWICE"]);
  });
});

describe("what else is done with a request", () => {
  it("lets who asked take it back, and nobody else", async () => {
    const request = await ask();
    expect((await post("fin", `${BASE}/${request.id}/cancel`, {})).status).toBe(404);
    expect((await post("root", `${BASE}/${request.id}/cancel`, {})).status).toBe(404);
    const answer = await post("ann", `${BASE}/${request.id}/cancel`, {});
    expect([answer.status, answer.json["state"]]).toEqual([200, "cancelled"]);
    expect((await post("ann", `${BASE}/${request.id}/cancel`, {})).status).toBe(409);
  });

  it("lets administrators say what became of a call that may have run, with a reason", async () => {
    const { approvals } = gateway.running.wired;
    const request = await ask({ flow: "single" });
    const approved = await decide("fin", request);
    const claim = await approvals.claim(request.id, Number(approved.json["version"]));
    if (claim === undefined) throw new Error("not claimed");
    await approvals.finish(claim, { kind: "indeterminate", why: "the server went away" });
    const path = `${BASE}/${request.id}/resolve`;
    const outcome = { outcome: "failed", reason: "Its log has no such booking." };
    expect((await post("root", path, { outcome: "failed" })).status).toBe(400);
    expect((await post("fin", path, outcome)).json["code"]).toBe("ADMIN_REQUIRED");
    expect((await post("eve", path, outcome)).status).toBe(404);
    const answer = await post("root", path, outcome);
    expect([answer.status, answer.json["state"]]).toEqual([200, "failed"]);
    expect((await post("root", path, outcome)).status).toBe(409);
  });
});

describe("lists", () => {
  it("go on where a page ended, the newest first, each request once", async () => {
    const paged: string[] = [];
    for (const _ of [1, 2, 3, 4, 5]) paged.unshift((await ask({ by: "eve", tool: "paged" })).id);
    const seen: string[] = [];
    let cursor = "";
    do {
      const page = approvalListSchema.parse((await get("eve", `${BASE}?tool=paged&limit=2${cursor}`)).json);
      seen.push(...page.items.map((item) => item.id));
      cursor = page.next_cursor === null ? "" : `&cursor=${encodeURIComponent(page.next_cursor)}`;
    } while (cursor !== "");
    expect(seen).toEqual(paged);
  });

  it("narrow down by state, flow, tool, and whose they are", async () => {
    const mine = await ask({ by: "lea", tool: "narrow", flow: "single" });
    const other = await ask({ by: "cfo", tool: "narrow" });
    const done = await ask({ by: "cfo", tool: "narrow", flow: "single" });
    await decide("fin", done);
    const find = async (query: string) => [...(await idsOf("lea", `&tool=expenses/narrow${query}`))].sort();
    expect(await find("")).toEqual([mine.id, other.id, done.id].sort());
    expect(await find("&mine=true")).toEqual([mine.id]);
    expect(await find("&decidable=true")).toEqual([other.id]);
    expect(await find("&state=approved,rejected")).toEqual([done.id]);
    expect(await find("&flow=finance")).toEqual([other.id]);
    expect(await idsOf("lea", "&upstream=crm&tool=narrow")).toEqual([]);
  });
});

describe("the doors of the API", () => {
  it("do not change anything for a GET, however often", async () => {
    const request = await ask();
    const first = await get("fin", `${BASE}/${request.id}`);
    const second = await get("fin", `${BASE}/${request.id}`);
    expect(second.text).toBe(first.text);
    for (const act of ["decision", "cancel", "resolve"]) {
      const answer = await get("ann", `${BASE}/${request.id}/${act}`);
      expect([answer.status, answer.headers.allow]).toEqual([405, "POST"]);
    }
    expect((await gateway.running.wired.approvals.history(request.id)).length).toBe(1);
  });

  it("carry headers that keep an answer from being stored, framed or taken for a page", async () => {
    for (const answer of [await get("fin", BASE), await get("fin", `${BASE}/no`), await get(undefined, "/api/v2")]) {
      expect(answer.headers).toMatchObject({
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
      });
    }
  });

  it.each<[string, RawRequest["headers"], number, string]>([
    ["a page of another site", { Origin: "https://evil.example" }, 403, "ORIGIN_NOT_ALLOWED"],
    ["a page without an origin", { Origin: "null" }, 403, "ORIGIN_NOT_ALLOWED"],
    ["another host", { Host: "evil.example" }, 403, "HOST_NOT_ALLOWED"],
    ["a form", { "Content-Type": "application/x-www-form-urlencoded" }, 415, "MEDIA_TYPE_UNSUPPORTED"],
    ["plain text", { "Content-Type": "text/plain" }, 415, "MEDIA_TYPE_UNSUPPORTED"],
    ["no type at all", { "Content-Type": undefined }, 415, "MEDIA_TYPE_UNSUPPORTED"],
    ["a key that is none", { Authorization: "Bearer pk_wrong" }, 401, "TOKEN_INVALID"],
  ])("stay shut for a decision from %s", async (_, headers, status, code) => {
    const request = await ask();
    const answer = await post("fin", `${BASE}/${request.id}/decision`, vote(request), headers);
    expect([answer.status, answer.json["code"]]).toEqual([status, code]);
    expect(answer.headers["www-authenticate"]?.startsWith("Bearer ") === true).toBe(status === 401);
    expect((await gateway.running.wired.approvals.get(request.id))?.version).toBe(1);
  });

  it.each<[string, RawRequest["body"], string, string]>([
    ["a key that is not known", { decision: "approve", versoin: 1 }, "PARAMS_INVALID", "Did you mean version?"],
    ["a decision that is none", { decision: "aprove", version: 1 }, "PARAMS_INVALID", "Did you mean approve?"],
    ["a list", [], "PARAMS_INVALID", "Must be a group of keys, but is a list."],
    ["what is not JSON", Buffer.from("{"), "JSON_MALFORMED", "not valid JSON"],
    ["a number that readers round", Buffer.from('{"version":9007199254740993}'), "JSON_UNSAFE_NUMBER", "At $.version."],
    ["a key that changes prototypes", Buffer.from('{"__proto__":{}}'), "JSON_FORBIDDEN_KEY", "__proto__"],
    ["too deep a body", Buffer.from(`${'{"a":'.repeat(20)}1${"}".repeat(20)}`), "JSON_TOO_DEEP", "nested"],
    ["too large a body", Buffer.from(`{"reason":"${"x".repeat(70_000)}"}`), "BODY_TOO_LARGE", "65536"],
  ])("refuse %s", async (_, body, code, text) => {
    const request = await ask();
    const answer = await post("fin", `${BASE}/${request.id}/decision`, body);
    expect(answer.json["code"]).toBe(code);
    expect(answer.text).toContain(text);
  });

  it.each([
    ["sate=pending", "Did you mean state?"],
    ["state=pendign", "Did you mean pending?"],
    ["limit=0", "Must be at least 1."],
    ["limit=1000", "Must be at most 100."],
    ["mine=yes", "Must be one of: true, false."],
    ["mine=true&mine=false", "only once"],
  ])("refuse the query %s", async (query, text) => {
    const answer = await get("fin", `${BASE}?${query}`);
    expect([answer.status, answer.json["code"]]).toEqual([400, "PARAMS_INVALID"]);
    expect(answer.text).toContain(text);
  });

  it("say so where there is nothing, and which methods there are", async () => {
    expect((await get("fin", "/api/v1/aprovals")).json).toMatchObject({ code: "PATH_UNKNOWN", status: 404 });
    const deleted = await send(port, { method: "DELETE", path: BASE, headers: { Authorization: as("fin") } });
    expect([deleted.status, deleted.headers.allow]).toEqual([405, "GET, HEAD"]);
  });

  it("keep the arguments that were approved from whoever reads the log", async () => {
    const request = await ask({ arguments: { token: "canary-of-the-log" } });
    await decide("fin", request, { reason: "canary-of-the-log" });
    await get("fin", `${BASE}/${request.id}`);
    expect(gateway.logged.join("\n")).not.toContain("canary-of-the-log");
  });
});

it("says that its store is gone, not that there is no such request", async () => {
  const other = await startTestGateway(APPROVALS_CONFIG);
  await other.running.wired.approvals.close();
  await other.running.wired.store.close();
  const answer = await send(Number(new URL(other.url).port), {
    method: "GET",
    path: `${BASE}/apr_0000000000000000000000`,
    headers: people.bearer("fin"),
  });
  expect([answer.status, answer.json["code"]]).toEqual([503, "STORE_UNAVAILABLE"]);
  await other.close();
});

it("knows a requester by issuer and subject, not by name", async () => {
  const request = await ask({ principal: { ...principalOf("eve"), issuer: "https://idp.example.com" } });
  expect((await get("eve", `${BASE}/${request.id}`)).status).toBe(404);
});
