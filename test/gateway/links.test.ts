import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readMark } from "../../src/catalog/uris/server-mark.ts";
import { linkWorld } from "../support/link-world.ts";

const SERVERS = ["a", "b", "c"];

describe("a URI that a server's result links to", () => {
  it.each([
    { why: "it alone lists it", a: ["x:1"], shown: "x:1" },
    { why: "it alone has a template for it", templatesOfA: ["x:{id}"], shown: "x:1" },
    { why: "another one lists others of its scheme", a: ["x:1"], b: ["x:2"], shown: "x:1" },
    { why: "nobody lists it", shown: "x:1#portcullis=a" },
    { why: "both list it", a: ["x:1"], b: ["x:1"], shown: "x:1#portcullis=a" },
    { why: "only the other lists it", b: ["x:1"], shown: "x:1#portcullis=a" },
    { why: "the other has a template for it", a: ["x:1"], templatesOfB: ["x:{+rest}"], shown: "x:1#portcullis=a" },
    { why: "the other's template fits anything at all", a: ["x:1"], templatesOfB: ["{+any}"], shown: "x:1" },
  ])("is $shown where $why", ({ a = [], b = [], templatesOfA = [], templatesOfB = [], shown }) => {
    const world = linkWorld(["a", "b"]);
    world.list("a", a, templatesOfA);
    world.list("b", b, templatesOfB);
    expect(world.say("a", "x:1")).toBe(shown);
    expect(world.lead(shown)).toBe("a x:1");
  });

  it("keeps a fragment, and leads back also where it looks like somebody else's", () => {
    const world = linkWorld(["a", "b"]);
    expect(world.say("a", "x:1#top")).toBe("x:1#top&portcullis=a");
    expect(world.lead("x:1#top&portcullis=a")).toBe("a x:1#top");
    world.list("a", ["x:secret#portcullis=b"]);
    const shown = world.say("a", "x:secret#portcullis=b");
    expect(shown).toBe("x:secret#portcullis=b&portcullis=a");
    expect(world.lead(shown)).toBe("a x:secret#portcullis=b");
  });

  it("stays as it is, whatever it is, where a server stands alone", () => {
    const world = linkWorld(["a"]);
    for (const uri of ["x:1", "x:1#portcullis=a", "x:1#portcullis=b", ""]) {
      expect(world.say("a", uri)).toBe(uri);
      expect(world.lead(uri)).toBe(`a ${uri}`);
    }
  });
});

describe("a plain URI that nobody lists", () => {
  it("is of the server that spoke of it to this caller", () => {
    const world = linkWorld(["a", "b"]);
    world.say("a", "hidden://same", "ann");
    world.say("b", "hidden://same", "bob");
    expect(world.lead("hidden://same", "ann")).toBe("a hidden://same");
    expect(world.lead("hidden://same", "bob")).toBe("b hidden://same");
    expect(world.lead("hidden://same", "eve")).toBe("RESOURCE_UNKNOWN");
  });

  it("is ambiguous where two did, and the links still lead to each", () => {
    const world = linkWorld(["a", "b"]);
    const shown = ["a", "b"].map((server) => world.say(server, "hidden://same"));
    expect(world.lead("hidden://same")).toBe("RESOURCE_AMBIGUOUS");
    expect(shown.map((uri) => world.lead(uri))).toEqual(["a hidden://same", "b hidden://same"]);
    world.restart();
    expect(world.lead("hidden://same")).toBe("RESOURCE_UNKNOWN");
    expect(shown.map((uri) => world.lead(uri))).toEqual(["a hidden://same", "b hidden://same"]);
  });
});

it("tells a client which forms there are of an ambiguous URI, without the URI", () => {
  const world = linkWorld(["a", "b"]);
  world.list("a", ["x:1"]);
  world.list("b", ["x:1"]);
  const scope = { endpoint: "", upstreams: ["a", "b"], shows: () => true, prefixed: true };
  expect(world.links().resolve({ scope, holder: "ann" }, "x:1")).toEqual({
    ok: false,
    code: "RESOURCE_AMBIGUOUS",
    detail: "Put the name of the one that you mean behind the URI: #portcullis=a, #portcullis=b.",
  });
});

describe("a server that is down", () => {
  it.each(["before", "after"])("keeps its URIs: %s a restart", (when) => {
    const world = linkWorld(["a", "b"]);
    world.list("a", ["x:1"], ["y:{id}"]);
    if (when === "after") world.restart();
    else world.hide("a");
    world.list("b", []);
    expect([world.lead("x:1"), world.lead("y:7")]).toEqual(["a x:1", "a y:7"]);
    world.list("b", ["x:1"], ["y:{+rest}"]);
    expect([world.lead("x:1"), world.lead("y:7")]).toEqual(["RESOURCE_AMBIGUOUS", "RESOURCE_AMBIGUOUS"]);
    expect([...world.view().resources.keys()]).toEqual(["x:1#portcullis=b"]);
  });

  it("loses what it no longer lists after thirty days", () => {
    const clock = { now: 0 };
    const world = linkWorld(["a", "b"], clock);
    world.list("a", ["x:1"]);
    world.list("a", []);
    world.list("b", ["x:1"]);
    clock.now = 31 * 86_400_000;
    expect(world.lead("x:1")).toBe("RESOURCE_AMBIGUOUS");
    world.list("a", ["x:2"]);
    expect(world.lead("x:1")).toBe("b x:1");
  });
});

/** What happens to servers, and what they tell whom. */
const uri = fc.constantFrom("x:1", "x:2", "x:12", "y:1", "x:1#f", "x:1#portcullis=a", "x:1&portcullis=b", "x", "");
const template = fc.constantFrom("x:{v}", "x:1{v}", "{v}", "{v}:1", "x:{v}#portcullis=b", "x:{v}{#f}", "y:{v}1", "x:1");
const server = fc.constantFrom(...SERVERS);
const event = fc.oneof(
  fc.record({
    kind: fc.constant("list" as const),
    server,
    uris: fc.uniqueArray(uri, { maxLength: 3 }),
    templates: fc.uniqueArray(template, { maxLength: 2 }),
  }),
  fc.record({ kind: fc.constant("say" as const), server, uri, holder: fc.constantFrom("ann", "bob") }),
  fc.record({ kind: fc.constant("hide" as const), server }),
  fc.record({ kind: fc.constant("restart" as const) }),
);

const values = fc.uniqueArray(fc.constantFrom("1", "2", "", "12"), { minLength: 1, maxLength: 2 });

it("leads back to the server it came from, or is refused, whatever anybody lists and says meanwhile", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 10 }), values, (events, expanded) => {
      const world = linkWorld(SERVERS);
      const given = new Map<string, { readonly shown: string; readonly from: string }>();
      const give = (shown: string, from: string) => given.set(`${shown} ${from}`, { shown, from });
      const astray: unknown[] = [];
      for (const each of events) {
        if (each.kind === "list") world.list(each.server, each.uris, each.templates);
        else if (each.kind === "hide") world.hide(each.server);
        else if (each.kind === "restart") world.restart();
        else give(world.say(each.server, each.uri, each.holder), `${each.server} ${each.uri}`);
        const { resources, resourceTemplates } = world.view();
        for (const [shown, { upstream, key }] of resources) give(shown, `${upstream} ${key}`);
        for (const [shown, { upstream, key }] of resourceTemplates) {
          for (const value of expanded) {
            const expand = (text: string): string => text.replaceAll(/\{[^}]*\}/g, value);
            give(expand(shown), `${upstream} ${expand(key)}`);
          }
        }
        for (const { shown, from } of given.values()) {
          for (const holder of ["ann", "bob"]) {
            const to = world.lead(shown, holder);
            // One that says whose it is always leads there.
            const refused = readMark(shown) === undefined && /^RESOURCE_(AMBIGUOUS|UNKNOWN)$/.test(to);
            if (to !== from && !refused) astray.push({ shown, from, to });
          }
        }
      }
      expect(astray).toEqual([]);
    }),
    { numRuns: 200 },
  );
});
