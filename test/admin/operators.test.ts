import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { auditListSchema } from "../../src/admin/audit/schema.ts";
import { dryRunSchema, policyStateSchema } from "../../src/admin/policies/schema.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { type ApiGateway, get, post, remove, startApiGateway } from "../support/api-gateway.ts";
import { eventually } from "../support/eventually.ts";

const CANARY = "canary-77aa-of-an-upstream";

const POLICIES = `policies:
  - id: no-secrets
    target: { tools: ["modern/echo"] }
    when: 'args.text.contains("secret")'
    then: { deny: { message: "Nothing about {{ args.text }}." } }
`;

let api: ApiGateway;

beforeAll(async () => {
  api = await startApiGateway({}, { "p.yaml": POLICIES });
});
afterAll(() => api.close());

describe("policies over the API", () => {
  it("are those in force, with what they matched and which tools they leave out", async () => {
    await api.echo("ann", "a secret");
    const state = await eventually(async () => {
      const now = policyStateSchema.parse((await api.as("root", get("/policies"))).json);
      return now.policies[0]?.matches.applied === 1 ? now : undefined;
    });
    expect(state).toMatchObject({
      default: "allow",
      policies: [{ id: "no-secrets", file: "p.yaml", line: 2, effect: "deny", enabled: true, shadow: false }],
      mistakes: [],
    });
    expect(state.coverage.uncovered).not.toContainEqual({ upstream: "modern", tool: "echo" });
    expect(state.coverage.uncovered).toHaveLength(state.coverage.tools - 1);
  });

  it("tell what is wrong with newer files, line by line, while the old ones decide", async () => {
    const before = policyStateSchema.parse((await api.as("root", get("/policies"))).json);
    api.gateway.writePolicy(
      "new.yaml",
      "policies:\n  - id: broken\n    when: 'args.text =='\n    then: { deny: {} }\n",
    );
    const state = await eventually(async () => {
      const now = policyStateSchema.parse((await api.as("root", get("/policies"))).json);
      return now.mistakes.length > 0 ? now : undefined;
    });
    expect(state.digest).toBe(before.digest);
    expect(state.mistakes[0]).toMatchObject({ file: "new.yaml", line: 3 });
    expect(state.mistakes[0]?.excerpt).toContain("args.text ==");
    api.gateway.writePolicy("new.yaml", "policies: []\n");
    await eventually(async () =>
      (await api.as("root", get("/policies"))).json["digest"] === before.digest ? undefined : 1,
    );
  });

  it.each<[string, string, string]>([
    ["a secret", "deny", "Nothing about a secret."],
    ["hello", "allow", ""],
  ])("decide a call with %j that nobody makes: %s", async (text, effect, message) => {
    const call = { tool: "modern/echo", args: { text } };
    const trial = dryRunSchema.parse((await api.as("root", post("/policies/evaluate", call))).json);
    expect([trial.decision.effect, trial.decision.message ?? ""]).toEqual([effect, message]);
    expect(trial.policies[0]).toMatchObject({ id: "no-secrets", verdict: effect === "deny" ? "applied" : "condition" });
    expect(trial.policies[0]?.trace).toMatchObject({
      text: 'args.text.contains("secret")',
      value: String(effect === "deny"),
    });
  });
});

describe("upstreams over the API", () => {
  const added: string[] = [];
  afterEach(async () => {
    for (const name of added.splice(0)) await api.as("root", remove(`/upstreams/${name}`));
  });

  it("show nothing of their credentials, whoever registered them", async () => {
    added.push("added");
    const entry = {
      name: "added",
      url: `${api.upstreamUrl}?key=${CANARY}`,
      headers: { Authorization: `Bearer ${CANARY}` },
    };
    const answers = [
      await api.as("root", post("/upstreams", entry)),
      await api.as("root", get("/upstreams")),
      await api.as("root", get("/upstreams/added")),
      await api.as("root", post("/upstreams/added/test", {})),
      await api.as("root", get("/audit?limit=5")),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 200, 200, 200, 200]);
    expect(answers[0]?.json).toMatchObject({ source: "registered", registered: { by: { subject: "root" } } });
    expect(answers[3]?.json).toMatchObject({ ok: true, why: null, era: "modern" });
    const audit = auditListSchema.parse(answers[4]?.json);
    expect(audit.items[0]).toMatchObject({ kind: "admin", upstream: "added", user: "root" });
    for (const { text } of answers) expect(text).not.toContain(CANARY);
  });

  it.each<[string, JsonObject, number, string, string]>([
    ["a member that is not known", { timeuot: "5s" }, 400, "PARAMS_INVALID", "timeuot"],
    ["a reference to the environment", { headers: { X: `\${HOME}` } }, 400, "PARAMS_INVALID", "headers.X"],
    ["a name that is none", { name: "No Name" }, 400, "PARAMS_INVALID", "name"],
    ["a name that is there", { name: "modern" }, 409, "UPSTREAM_EXISTS", ""],
    ["an address that is not public", { url: "http://169.254.169.254/" }, 400, "UPSTREAM_ADDRESS_REFUSED", ""],
  ])("are not registered with %s, and the answer says where", async (_, changes, status, code, at) => {
    const entry = { name: "wrong", url: api.upstreamUrl, ...changes };
    const answer = await api.as("root", post("/upstreams", entry));
    expect([answer.status, answer.json["code"]], answer.text).toEqual([status, code]);
    if (at !== "") expect(answer.json["errors"]).toMatchObject([{ at }]);
    expect((await api.as("root", get("/upstreams/wrong"))).status).toBe(404);
  });

  it("say why they cannot be reached, as an answer", async () => {
    added.push("nobody");
    await api.as("root", post("/upstreams", { name: "nobody", url: "http://127.0.0.1:9/mcp" }));
    const answer = await api.as("root", post("/upstreams/nobody/test", {}));
    expect(answer.json).toMatchObject({ ok: false, tools: [], why: expect.stringMatching(/./) });
  });
});

describe("messages to people over the API", () => {
  it("are those that were given up, unless others are asked for", async () => {
    const { id } = await api.ask({ flow: "told" });
    const { outbox } = api.gateway.running.wired.store;
    // Once it was tried in vain it is not tried again at once.
    const waiting = await eventually(async () => {
      const [entry] = (await outbox.list({ requestId: id, limit: 1 })).entries;
      return entry?.lastError === undefined ? undefined : entry;
    });
    const list = async (query: string) => (await api.as("root", get(`/notifications?approval=${id}${query}`))).json;
    expect(await list("&state=waiting")).toMatchObject({
      items: [{ id: waiting.id, state: "waiting", ended_at: null }],
    });
    expect(await list("")).toEqual({ items: [], next_cursor: null });
    await outbox.failed(waiting.id, "It answered 410.", Date.now(), undefined);
    const dead = { approval: id, notifier: "nowhere", state: "dead", next_at: null, last_error: "It answered 410." };
    expect(await list("")).toMatchObject({ items: [dead] });
    await api.forget();
  });
});

describe("sessions over the API", () => {
  it.each([
    ["fin", "ADMIN_REQUIRED"],
    ["robot", "CREDENTIAL_INSUFFICIENT"],
  ] as const)("are none that %s could see or end", async (who, code) => {
    for (const request of [get("/sessions"), remove("/sessions/x")]) {
      const answer = await api.as(who, request);
      expect([answer.status, answer.json["code"]]).toEqual([403, code]);
    }
  });
});
