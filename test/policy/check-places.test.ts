import { describe, expect, it } from "vitest";
import { checkAgainstTools } from "../../src/policy/check/tools.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import type { KnownTool } from "../../src/policy/known-tool.ts";
import type { KnownFacts, ShownThere } from "../../src/policy/values/facts.ts";

const tool = (upstream: string, name: string): KnownTool => ({ upstream, name, definition: { name } });
const TOOLS = [tool("bank", "chk"), tool("bank", "pay"), tool("bank2", "chk"), tool("crm", "find")];
const all = (...upstreams: readonly string[]): ShownThere => ({ upstreams, tool: () => true });
const desk: ShownThere = { upstreams: ["bank", "crm"], tool: (path) => path !== "bank/pay" };
const FACTS: KnownFacts = {
  endpoints: ["bank", "bank2", "crm", "docs", "desk"],
  shown: new Map([
    ["", all("bank", "bank2", "crm", "docs")],
    ["bank", all("bank")],
    ["bank2", all("bank2")],
    ["crm", all("crm")],
    ["docs", all("docs")],
    ["desk", desk],
  ]),
  issuers: undefined,
  headers: undefined,
};

/** Of `docs` no tools are known. */
function check(target: string, when: string | undefined, unlisted = ["docs"]) {
  const condition = when === undefined ? "" : `, when: ${JSON.stringify(when)}`;
  const text = `policies:\n- { id: p, target: { ${target} }${condition}, then: { deny: {} } }\n`;
  const files = [{ name: "p.yaml", text: target === "" ? text.replace(" target: {  },", "") : text }];
  const compiled = compilePolicies(files, { default: "allow", flows: [] });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  const { errors, warnings } = checkAgainstTools(files, TOOLS, { facts: FACTS, unlisted });
  const telling = warnings.filter(({ message }) => !message.includes("goes by what servers say"));
  return { errors: errors.map(({ message }) => message), warnings: telling.map(({ message }) => message) };
}

describe("a target whose keys exclude each other", () => {
  it.each([
    ['tools: ["bank/*"], endpoints: [crm]'],
    ['tools: ["bank/chk"], endpoints: [bank2]'],
    ['tools: ["bank/pay"], endpoints: [desk]'],
    ['tools: ["BANK/*"], endpoints: [crm]'],
    ['tools: ["b*k/*"], endpoints: [crm]'],
    ["upstreams: [bank], endpoints: [crm, docs]"],
    ['upstreams: [bank], endpoints: ["!bank", "!desk", "c*"]'],
    ['prompts: ["bank/*"], endpoints: [bank2]'],
    ['resources: ["bank/file:*"], endpoints: [docs]'],
    ['resources: ["docs/file:*"], upstreams: [crm]'],
    ["methods: [resources/read], upstreams: [bank], endpoints: [crm]"],
  ])("fits nothing: %s", (target) => {
    for (const unlisted of [["docs"], []]) {
      const facts = unlisted.length > 0 || !target.includes("docs");
      if (facts) expect([target, check(target, undefined, unlisted).errors]).toEqual([target, [expect.any(String)]]);
    }
  });

  it("is told once of an endpoint that there is not", () => {
    expect(check('tools: ["bank/*"], endpoints: [teem]', undefined).errors).toEqual(["There is no endpoint `teem`."]);
  });

  it("fits nothing where it excludes every endpoint", () => {
    expect(check('endpoints: ["!*"]', undefined).errors).toHaveLength(1);
    for (const key of ["roles", "groups"]) expect(check(`${key}: ["!*"]`, undefined).errors).toEqual([]);
  });

  it.each([
    ['tools: ["bank/*"], endpoints: [desk]'],
    ['tools: ["bank/chk"], endpoints: ["bank*"]'],
    ['tools: ["*/chk"], endpoints: [bank2]'],
    ['tools: ["*k/chk"], endpoints: [bank]'],
    ['tools: ["b*"], endpoints: [bank2]'],
    ["upstreams: [bank], endpoints: [desk]"],
    ['upstreams: [docs], endpoints: ["!crm"]'],
    ['prompts: ["docs/*"], endpoints: [docs]'],
    ['prompts: ["*/summary"], endpoints: [crm]'],
    ['tools: ["docs/*"], endpoints: [docs]'],
    ['tools: ["!bank/*"], endpoints: [bank, crm]'],
  ])("is one that fits something: %s", (target) => {
    expect([target, check(target, undefined)]).toEqual([target, { errors: [], warnings: [] }]);
  });
});

describe("paths of prompts and resources", () => {
  it.each([
    ['prompts: ["bnk/*"]', "There is no upstream `bnk`."],
    ['prompts: ["summary"]', "No upstream fits `summary`."],
    ['resources: ["file:///hr/*"]', "There is no upstream `file:`."],
    ['resources: ["bank/*", "nowhere/x"]', "There is no upstream `nowhere`."],
    ['prompts: ["x*/a"]', "No upstream fits `x*/a`."],
  ])("name an upstream that there is: %s", (target, message) => {
    expect(check(target, undefined).errors).toEqual([message]);
  });

  it.each([
    ['prompts: ["bank/*"]'],
    ['resources: ["b%61nk/file:///*"]'],
    ['prompts: ["docs/x"]'],
    ['resources: ["*"]'],
    ['resources: ["BANK/file:///*"]'],
  ])("may be of any that there is: %s", (target) => {
    expect(check(target, undefined)).toEqual({ errors: [], warnings: [] });
  });

  it("warn where they except what there is not", () => {
    expect(check('resources: ["bank/*", "!bnk/x"]', undefined)).toEqual({
      errors: [],
      warnings: ["`!bnk/x` excludes nothing: there is no such upstream."],
    });
  });

  it("warn of a URI without a scheme", () => {
    expect(check("", 'resource.uri == "bank/file:///a"').warnings).toHaveLength(1);
    expect(check("", 'resource.uri == "file:///a"')).toEqual({ errors: [], warnings: [] });
  });
});

describe("a condition that a target leaves no way to", () => {
  it.each([
    ["endpoints: [crm]", 'request.endpoint == "bank"'],
    ['endpoints: ["!bank"]', 'request.endpoint == "bank"'],
    ["endpoints: [crm]", 'tool.upstream == "bank"'],
    ["endpoints: [crm]", 'prompt.upstream == "bank"'],
    ["endpoints: [crm]", 'resource.upstream in ["bank", "bank2"]'],
    ['tools: ["bank/chk"]', 'request.endpoint == "bank2"'],
    ['prompts: ["bank/*"]', 'request.endpoint == "crm"'],
    ["upstreams: [docs]", 'request.endpoint == "crm"'],
    ["upstreams: [docs]", 'prompt.upstream == "crm"'],
    ["", 'request.method == "tools/list"'],
    ['tools: ["bank/*"]', 'request.method == "prompts/get"'],
    ['prompts: ["bank/*"]', 'request.method == "tools/call"'],
    ["methods: [prompts/get]", 'request.method == "completion/complete"'],
    ["", 'prompt.name == "a" && request.method == "tools/call"'],
    ["", 'has(args.x) && request.method == "resources/read"'],
    ["", 'tool.name == "chk" && request.method in ["resources/read", "prompts/get"]'],
  ])("is told of: %s, %s", (target, when) => {
    const { errors } = check(target, when);
    expect([when, errors.length > 0, errors.filter((it) => !it.includes("never"))]).toEqual([when, true, []]);
  });

  it.each([
    ["endpoints: [desk]", 'tool.upstream == "bank"'],
    ["endpoints: [desk]", 'request.endpoint == "desk"'],
    ['tools: ["bank/chk"]', 'request.endpoint == "desk"'],
    ['tools: ["bank/chk"]', 'request.endpoint == ""'],
    ["upstreams: [docs]", 'request.endpoint == "docs"'],
    ['prompts: ["bank/*"]', 'request.method == "completion/complete"'],
    ["", 'request.method == "tools/call" && user.id == "bob"'],
    ['tools: ["bank/*"]', 'request.method == "tools/call" && user.id == "bob"'],
    ["", 'resource.uri.startsWith("file:") && request.method == "resources/subscribe"'],
  ])("is none that can come true: %s, %s", (target, when) => {
    expect([target, when, check(target, when).errors]).toEqual([target, when, []]);
  });
});
