import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isObject } from "../../src/core/json.ts";
import { type ApiCase, apiCases } from "../support/api-cases.ts";
import { type ApiDocument, type Operation, readApiDocument } from "../support/api-document.ts";
import { type ApiGateway, type Caller, startApiGateway } from "../support/api-gateway.ts";
import { APPROVALS_CONFIG } from "../support/approval-people.ts";
import type { RawAnswer, RawRequest } from "../support/raw-mcp.ts";

/** One of everything that a verdict can hold. */
const POLICIES = `policies:
  - id: large
    description: Large ones need people.
    target: { tools: ["modern/echo"], roles: [employee] }
    when: 'args.text.startsWith("pay") && size(args.text) > 4'
    then: { request_approval: { flow: single, message: "Somebody has to look at {{ args.text }}." } }
  - id: signed
    target: { tools: ["modern/echo"] }
    when: 'args.text.startsWith("pay")'
    then: { step_up: { acr: [mfa], max_age: 5m } }
  - id: seldom
    target: { tools: ["modern/*"] }
    then: { rate_limit: { limit: 100, per: 1h } }
  - id: shadowed
    mode: shadow
    target: { upstreams: [modern] }
    when: 'args.nothing == 1'
    then: { deny: { message: "No." } }
`;

let api: ApiGateway;
let described: ApiDocument;
let cases: Readonly<Record<string, ApiCase>>;

beforeAll(async () => {
  api = await startApiGateway({}, { "p.yaml": POLICIES });
  described = await readApiDocument(api.port);
  cases = apiCases(api);
});
afterAll(() => api.close());
afterEach(() => api.forget());

/** Sends a request and fails if it was for another operation, or if the answer is not as that one is described. */
async function ask(operation: Operation, who: Caller, request: RawRequest): Promise<RawAnswer> {
  const path = new URL(request.path ?? "", api.gateway.url).pathname;
  expect(described.operationOf(request.method ?? "", path)?.id).toBe(operation.id);
  const answer = await api.as(who, request);
  expect(described.mistakes(operation, answer), `${operation.id}: ${answer.text.slice(0, 1_000)}`).toEqual([]);
  return answer;
}

function caseOf({ id }: Operation): ApiCase {
  const found = cases[id];
  if (found === undefined) throw new Error(`There is no case for ${id} in test/support/api-cases.ts.`);
  return found;
}

describe("the description of the API", () => {
  it("is an OpenAPI 3.1 document, for everybody", async () => {
    const result = await new Validator().validate({ ...described.json });
    expect(result.errors ?? []).toEqual([]);
    expect(described.json["openapi"]).toMatch(/^3\.1\./);
  });

  it("names each operation once, with a tag that it explains, and cases for all of them are here", () => {
    const ids = described.operations.map(({ id }) => id);
    expect([...new Set(ids)]).toEqual(ids);
    expect([...ids].sort()).toEqual(Object.keys(cases).sort());
    const { tags } = described.json;
    const explained = Array.isArray(tags) ? tags.map((tag) => (isObject(tag) ? tag["name"] : "")) : [];
    for (const { spec } of described.operations) expect(explained).toContain([spec["tags"]].flat()[0]);
  });

  it("holds examples that fit", () => {
    expect(described.exampleMistakes()).toEqual([]);
  });

  it("is only read", async () => {
    const answer = await api.as("root", { method: "DELETE", path: "/api/v1/openapi.json" });
    expect([answer.status, answer.headers.allow]).toEqual([405, "GET, HEAD"]);
  });

  it("tells nothing about what the gateway holds", async () => {
    const request = await api.ask();
    expect(JSON.stringify(described.json)).not.toContain(request.id);
  });
});

describe("every operation", () => {
  it("answers a good request as it is described", async () => {
    for (const operation of described.operations) {
      const { who, good, status } = caseOf(operation);
      const answer = await ask(operation, who, await good());
      expect([operation.id, answer.status], answer.text).toEqual([operation.id, status]);
    }
  });

  it("refuses a bad one as it is described", async () => {
    for (const operation of described.operations) {
      const { who, bad, badStatus } = caseOf(operation);
      const answer = await ask(operation, who, await bad());
      expect([operation.id, answer.status], answer.text).toEqual([operation.id, badStatus]);
    }
  });

  it("refuses a parameter that it does not know", async () => {
    for (const operation of described.operations.filter(({ id }) => id !== "getOpenapi")) {
      const { who, good } = caseOf(operation);
      const request = await good();
      const path = `${request.path}${request.path?.includes("?") ? "&" : "?"}pretty=1`;
      const answer = await ask(operation, who, { ...request, path });
      expect([operation.id, answer.status], answer.text).toEqual([operation.id, 400]);
    }
  });
});

describe("who may ask for what", () => {
  it.each<[Caller, string]>([
    ["nobody", "somebody without a credential"],
    ["ann", "a requester"],
    ["fin", "an approver"],
    ["root", "an administrator"],
    ["robot", "a machine with an administrator's roles"],
  ])("%s, %s", async (who) => {
    for (const operation of described.operations) {
      const { good, status } = caseOf(operation);
      const answer = await ask(operation, who, await good());
      expect([operation.id, verdict(answer, status)], answer.text).toEqual([operation.id, expected(operation.id, who)]);
    }
  });

  it("is nothing but their own for those whom a gateway lets in without a credential", async () => {
    const open = await startApiGateway({ auth: { ...APPROVALS_CONFIG.auth, anonymous: true } }, { "p.yaml": POLICIES });
    const own = apiCases(open);
    for (const operation of described.operations) {
      const { good, status } = own[operation.id] ?? caseOf(operation);
      const answer = await open.as("nobody", await good());
      expect(described.mistakes(operation, answer), answer.text).toEqual([]);
      // They stand where a machine stands: they asked for nothing, and decide nothing.
      const wanted = expected(operation.id, "robot");
      expect([operation.id, verdict(answer, status)], answer.text).toEqual([operation.id, wanted]);
    }
    await open.close();
  });
});

type Verdict = "done" | "no credential" | "no person" | "no administrator" | "not theirs";

function verdict({ status, json }: RawAnswer, good: number): Verdict | number {
  if (status === good) return "done";
  if (status === 401) return "no credential";
  if (json["code"] === "CREDENTIAL_INSUFFICIENT") return "no person";
  if (json["code"] === "ADMIN_REQUIRED") return "no administrator";
  const foreign = ["APPROVAL_UNKNOWN", "APPROVAL_NOT_ELIGIBLE", "APPROVAL_OWN"].includes(String(json["code"]));
  return foreign ? "not theirs" : status;
}

/** Ann asked, fin may approve, root administers. */
const OF_CALLERS: Readonly<Record<string, readonly Caller[]>> = {
  listenToEvents: ["ann", "fin", "root", "robot"],
  listApprovals: ["ann", "fin", "root", "robot"],
  getApproval: ["ann", "fin", "root"],
  decideApproval: ["fin"],
  cancelApproval: ["ann"],
};

function expected(operation: string, who: Caller): Verdict {
  if (operation === "getOpenapi") return "done";
  if (who === "nobody") return "no credential";
  const allowed = OF_CALLERS[operation];
  if (who === "robot" && operation !== "getApproval" && operation !== "cancelApproval") {
    return allowed?.includes(who) === true ? "done" : "no person";
  }
  if (allowed !== undefined) return allowed.includes(who) ? "done" : "not theirs";
  return who === "root" ? "done" : "no administrator";
}
