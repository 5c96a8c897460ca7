import { describe, expect, it } from "vitest";
import { buildView } from "../../src/catalog/view.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { createDeclaredArguments } from "../../src/gateway/requests/declared-arguments.ts";
import { createLinks } from "../../src/gateway/steps/links.ts";
import { type ResolveOtherDeps, resolveCompletion, resolvePrompt } from "../../src/gateway/steps/resolve-other.ts";

const PROMPT: JsonObject = {
  name: "p",
  arguments: [{ name: "amount", required: true }, { name: "userId" }, "odd", {}],
};
const TEMPLATE: JsonObject = { uriTemplate: "acme://{+owner}/{repo,userId*}{?amount:3}" };

/** What became of a request: its refusal, or `sent` where it would go to the server. */
async function send(method: string, params: JsonObject, prompt = PROMPT): Promise<unknown> {
  const lists = {
    tools: [],
    resources: [],
    prompts: [{ upstream: "u", key: "p", definition: prompt }],
    resourceTemplates: [{ upstream: "u", key: String(TEMPLATE["uriTemplate"]), definition: TEMPLATE }],
  };
  const scope = { endpoint: "", upstreams: ["u"], prefixed: true, shows: () => true };
  const view = buildView(scope, () => ({ lists, hidden: false }));
  const none: unknown = undefined;
  const catalog = { view: () => view };
  const deps = {
    catalog,
    links: createLinks({ catalog }),
    upstreams: { get: () => none },
    declared: createDeclaredArguments(),
    visibility: { hides: () => false },
  };
  const resolve = method === "prompts/get" ? resolvePrompt : resolveCompletion;
  const resolved = resolve(deps as unknown as ResolveOtherDeps, { method, params, scope, peer: {} } as never);
  return resolved.ok ? "sent" : resolved.outcome.refusal;
}

const get = (args: JsonObject) => send("prompts/get", { name: "u__p", arguments: args });
const REFS: readonly JsonObject[] = [
  { type: "ref/prompt", name: "u__p" },
  { type: "ref/resource", uri: String(TEMPLATE["uriTemplate"]) },
];
const LOOKALIKES = [
  "Amount",
  "AMOUNT",
  "amount\u0000",
  "amo\u200bunt",
  "ａｍｏｕｎｔ",
  "userid",
  "uſerId",
  "é".repeat(300),
];
const OTHERS = ["amount", "userId", "user_id", "amounts", "other", "é"];

describe("an argument that reads like one that is declared", () => {
  it.each(LOOKALIKES)("is refused: %j", async (name) => {
    const refused = (place: string) => ({ code: "KEYS_AMBIGUOUS", detail: expect.stringContaining(`At ${place},`) });
    expect(await get({ [name]: "1" })).toMatchObject(refused("params.arguments"));
    for (const ref of REFS) {
      const complete = (argument: string, others: JsonObject) =>
        send("completion/complete", { ref, argument: { name: argument, value: "" }, context: { arguments: others } });
      expect(await complete(name, {})).toMatchObject(refused("params.argument.name"));
      expect(await complete("amount", { [name]: "1" })).toMatchObject(refused("params.context.arguments"));
    }
  });

  it.each(OTHERS)("is not %j", async (name) => {
    expect(await get({ [name]: "1" })).toBe("sent");
    for (const ref of REFS) {
      const params = { ref, argument: { name, value: "" }, context: { arguments: { [name]: "1" } } };
      expect(await send("completion/complete", params)).toBe("sent");
    }
  });

  it("is every variable of a template", async () => {
    for (const name of ["Owner", "REPO"]) {
      const params = { ref: REFS[1] ?? {}, argument: { name, value: "" } };
      expect(await send("completion/complete", params)).toMatchObject({ code: "KEYS_AMBIGUOUS" });
    }
  });
});

describe("what a prompt declares", () => {
  const params = { name: "u__p", arguments: { a: "1" } };

  it.each<[string, JsonObject]>([
    ["too many", { arguments: Array.from({ length: 10_001 }, (_, index) => ({ name: `a${index}` })) }],
    ["an endless name", { arguments: [{ name: "é".repeat(300) }] }],
  ])("is refused where it cannot be compared: %s", async (_what, prompt) => {
    expect(await send("prompts/get", params, prompt)).toMatchObject({ code: "PARAMS_INVALID" });
  });

  it.each<[string, JsonObject]>([
    ["nothing", {}],
    ["what is no list", { arguments: { name: "A" } }],
    ["what is no name", { arguments: [{ name: 1 }, null] }],
  ])("says nothing where it is %s", async (_what, prompt) => {
    expect(await send("prompts/get", params, prompt)).toBe("sent");
  });
});
