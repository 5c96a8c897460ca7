import { describe, expect, it } from "vitest";
import { readTool } from "../../src/catalog/entries.ts";
import { repairItem } from "../../src/catalog/repair.ts";
import { buildView, type View } from "../../src/catalog/view.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { Scope } from "../../src/core/scope.ts";
import type { Caller } from "../../src/gateway/gateway.ts";
import { createListEncoder } from "../../src/gateway/lists/encoded-lists.ts";
import { createInPieces } from "../../src/gateway/lists/in-pieces.ts";
import { createVisibility, type Visibility } from "../../src/gateway/lists/visibility.ts";
import type { PolicySet } from "../../src/policy/policy-set.ts";
import { ALL_TOOLS } from "../support/all-tools.ts";
import { person } from "../support/mcp-endpoint.ts";
import { policySet } from "../support/policy-inputs.ts";

const scope: Scope = { endpoint: "", upstreams: ["crm"], shows: () => true, prefixed: true };

const BY_ROLE = `policies:
  - { id: admins, target: { tools: [crm/delete] }, when: '!("admin" in user.roles)', then: { deny: { message: No. } } }
  - { id: mask, target: { tools: [crm/get] }, then: { redact: { detect: [email] } } }
`;

function viewOf(...names: readonly string[]): View {
  const outputSchema: JsonObject = { type: "object" };
  const tools = names.flatMap((name) => {
    const reading = readTool(
      { name: "crm", place: "" },
      repairItem("tools", { name, inputSchema: { type: "object" }, outputSchema }),
      ALL_TOOLS,
    );
    return reading.ok ? [reading.entry] : [];
  });
  const lists = { tools, prompts: [], resources: [], resourceTemplates: [] };
  return buildView(scope, () => ({ lists, hidden: false }));
}

function caller(roles: readonly string[] = [], ip = "127.0.0.1"): Caller {
  const client = { id: undefined, name: "agent", version: "1", ip, userAgent: "" };
  return { principal: { ...person("ann"), roles }, client };
}

/** A set that counts how often it is asked whether a tool is hidden. */
function counting(set: PolicySet): { readonly set: PolicySet; asked(): number } {
  let asked = 0;
  const hides: PolicySet["hides"] = (viewer, tool) => {
    asked++;
    return set.hides(viewer, tool);
  };
  return { set: { ...set, hides }, asked: () => asked };
}

function visibilityOf(view: View, set: PolicySet, now?: () => number): Visibility {
  return createVisibility({ catalog: { view: () => view }, policies: () => set, inPieces: createInPieces(now) });
}

/** Of a long list, whose every tool takes 1 ms, say. */
function many() {
  const view = viewOf(...Array.from({ length: 300 }, (_, n) => `t${n}`));
  const { set, asked } = counting(policySet(BY_ROLE));
  return { view, set, asked, visibility: visibilityOf(view, set, asked) };
}

const namesIn = (list: { items(kind: "tools"): readonly JsonObject[] }) =>
  list.items("tools").map((tool) => tool["name"]);

describe("the tools that a caller sees", () => {
  const view = viewOf("get", "list", "delete");

  it("are the view itself where no policy hides or redacts anything", async () => {
    const visibility = visibilityOf(view, policySet("policies: []"));
    expect(await visibility.list(scope, "tools", caller())).toBe(view);
  });

  it("are the view itself, too, for whom policies hide nothing", async () => {
    const set = policySet(BY_ROLE.replace("crm/get", "crm/nothing"));
    expect(await visibilityOf(view, set).list(scope, "tools", caller(["admin"]))).toBe(view);
  });

  it("lack what is hidden, and the schema of results that may be changed", async () => {
    const list = await visibilityOf(view, policySet(BY_ROLE)).list(scope, "tools", caller());
    expect(namesIn(list)).toEqual(["crm__get", "crm__list"]);
    expect(list.items("tools").map((tool) => "outputSchema" in tool)).toEqual([false, true]);
    expect(list.items("prompts")).toEqual([]);
  });

  it("are worked out once for a class of callers, however many ask", async () => {
    const { set, asked } = counting(policySet(BY_ROLE));
    const visibility = visibilityOf(view, set);
    const first = await visibility.list(scope, "tools", caller());
    const after = asked();
    expect(after).toBeGreaterThan(0);
    for (let n = 0; n < 100; n++) expect(await visibility.list(scope, "tools", caller([], `10.0.0.${n}`))).toBe(first);
    expect(asked()).toBe(after);
  });

  it("are one list for classes that see the same", async () => {
    const visibility = visibilityOf(view, policySet(BY_ROLE));
    expect(await visibility.list(scope, "tools", caller(["sales"]))).toBe(
      await visibility.list(scope, "tools", caller(["legal"])),
    );
    expect(await visibility.list(scope, "tools", caller(["admin"]))).not.toBe(
      await visibility.list(scope, "tools", caller(["legal"])),
    );
  });

  it("are right for every one of more classes and lists than are remembered", async () => {
    const many = viewOf(...Array.from({ length: 100 }, (_, n) => `t${n}`));
    const set = policySet(`policies:
${Array.from({ length: 100 }, (_, n) => `  - { id: p${n}, target: { tools: [crm/t${n}], roles: [r${n}] }, then: { hide: {} } }`).join("\n")}
`);
    const visibility = visibilityOf(many, set);
    for (const round of [1, 2]) {
      for (let n = 0; n < 100; n++) {
        const names = namesIn(await visibility.list(scope, "tools", caller([`r${n}`])));
        expect([round, names.length, names.includes(`crm__t${n}`)]).toEqual([round, 99, false]);
      }
    }
  });
});

describe("a long list", () => {
  const callers = Array.from({ length: 5 }, (_, n) => caller([`r${n}`]));

  it("is worked out in pieces, of which each turn of the event loop has one, whoever asks", async () => {
    const { visibility, asked } = many();
    const turns: number[] = [];
    let before = 0;
    const watch = (): void => {
      turns.push(asked() - before);
      before = asked();
      if (before < 300 * callers.length) setImmediate(watch);
    };
    const lists = callers.map((who) => visibility.list(scope, "tools", who));
    watch();
    await Promise.all(lists);
    watch();
    expect(asked()).toBe(300 * callers.length);
    // A turn may see the end of one piece and the next.
    expect(Math.max(...turns)).toBeLessThanOrEqual(20);
  });

  it("is worked out once for a class of callers who ask at the same time", async () => {
    const { visibility, asked } = many();
    const [first, ...others] = await Promise.all(
      Array.from({ length: 50 }, () => visibility.list(scope, "tools", caller())),
    );
    expect(asked()).toBe(300);
    expect(others.every((list) => list === first)).toBe(true);
  });

  it("may concern everybody, where it takes long to find out whom", async () => {
    const { view, set, asked, visibility } = many();
    const other = counting(policySet("policies: []"));
    const concerns = visibility.difference("tools", other.set, set);
    const told = callers.map((who) => concerns(scope, who));
    expect(asked() + other.asked()).toBeLessThanOrEqual(500);
    expect(told.at(-1)).toBe(true);
    expect(view.tools.size).toBe(300);
  });

  it("is written in pieces, and once", async () => {
    let written = 0;
    const items = viewOf(...Array.from({ length: 300 }, (_, n) => `t${n}`)).items("tools");
    const counted = items.map((item) => ({
      ...item,
      get title() {
        written++;
        return "T";
      },
    }));
    const encode = createListEncoder(
      { name: "p" },
      createInPieces(() => written),
    );
    const listing = { items: () => counted, ttlMs: () => undefined };
    const turns: number[] = [];
    let before = 0;
    const watch = (): void => {
      turns.push(written - before);
      before = written;
      if (written < 300) setImmediate(watch);
    };
    const both = Promise.all([encode(listing, "tools", "a"), encode(listing, "tools", "b")]);
    watch();
    const [first, second] = await both;
    expect(second).toBe(first);
    expect(written).toBeLessThan(600);
    expect(Math.max(...turns)).toBeLessThanOrEqual(20);
    const result = { resultType: "complete", ttlMs: expect.any(Number), cacheScope: "private" };
    expect(JSON.parse(first.modern)).toMatchObject({ ...result, tools: items.map(({ name }) => ({ name })) });
    expect(JSON.parse(first.legacy)).toEqual({ tools: JSON.parse(JSON.stringify(counted)) });
  });
});

describe("the difference between two sets", () => {
  const view = viewOf("get", "list", "delete");
  const before = policySet("policies: []");
  const differs = (from: PolicySet, to: PolicySet, who: Caller) =>
    visibilityOf(view, to).difference("tools", from, to)(scope, who);

  it.each([
    ["somebody who loses a tool", BY_ROLE, caller(), true],
    ["somebody for whom a tool is listed otherwise", BY_ROLE, caller(["admin"]), true],
    ["somebody who loses nothing", BY_ROLE.replace("crm/get", "crm/nothing"), caller(["admin"]), false],
    [
      "nobody, where a call is denied for its arguments",
      "policies: [{ id: p, when: 'args.n > 1.0', then: { deny: {} } }]",
      caller(),
      false,
    ],
    ["nobody, where a policy is in shadow", "policies: [{ id: p, mode: shadow, then: { hide: {} } }]", caller(), false],
  ])("concerns %s", (_who, text, who, expected) => {
    const after = policySet(text);
    expect(differs(before, after, who)).toBe(expected);
    expect(differs(after, before, who)).toBe(expected);
  });

  it("concerns nobody where other policies hide the same", () => {
    const after = policySet(BY_ROLE.replace("id: admins", "id: only-admins"));
    expect(differs(policySet(BY_ROLE), after, caller())).toBe(false);
  });
});

it("asks policies about a resource as often as about a tool, and once for each class of callers", async () => {
  const upstreams = Array.from({ length: 10 }, (_, n) => `up${n}`);
  const wide: Scope = { endpoint: "", upstreams, shows: () => true, prefixed: true };
  const names = Array.from({ length: 100 }, (_, n) => `t${n}`);
  const view = buildView(wide, (upstream) => {
    const resources = names.map((name) => {
      const uri = `${upstream}:///${name}`;
      return { upstream, key: uri, definition: { uri, name } };
    });
    const tools = names.flatMap((name) => {
      const item = repairItem("tools", { name, inputSchema: { type: "object" } });
      const reading = readTool({ name: upstream, place: "" }, item, ALL_TOOLS);
      return reading.ok ? [reading.entry] : [];
    });
    return { lists: { tools, prompts: [], resources, resourceTemplates: [] }, hidden: false };
  });
  const text = `policies:
  - { id: t, target: { tools: ["up1/*"], roles: ["!admin"] }, then: { hide: {} } }
  - { id: r, target: { resources: ["up1/*"], roles: ["!admin"] }, then: { hide: {} } }
`;
  for (const kind of ["tools", "resources"] as const) {
    const { set, asked } = counting(policySet(text));
    const visibility = visibilityOf(view, set);
    expect((await visibility.list(wide, kind, caller())).items(kind)).toHaveLength(900);
    await visibility.list(wide, kind, caller());
    expect(asked(), kind).toBe(1000);
  }
});
