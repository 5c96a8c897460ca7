import { describe, expect, it } from "vitest";
import { readUpstreamEntry } from "../../src/config/checks/upstream-entry.ts";
import { placeOf } from "../../src/upstream/upkeep/fingerprint.ts";
import { configOf, errorsOf } from "./helpers.ts";

const entry = (rules: string, headers = "{ X-Team: support }") =>
  `upstreams: { a: { url: "https://a.example/mcp", headers: ${headers}, request_headers: ${rules} } }`;

const first = (text: string, env = {}) => {
  const upstream = configOf(text, env).upstreams[0];
  if (upstream === undefined || upstream.transport.kind === "stdio") throw new Error("no server at a URL");
  return { ...upstream, ...upstream.transport };
};

describe("rules for headers of requests", () => {
  it.each<[string, Record<string, string>, readonly string[] | undefined]>([
    ["{}", { "X-Team": "support" }, undefined],
    ["{ set: { X-Tenant: acme } }", { "X-Team": "support", "X-Tenant": "acme" }, undefined],
    ["{ set: { x-team: sales } }", { "x-team": "sales" }, undefined],
    ["{ add: { x-team: sales } }", { "X-Team": "support, sales" }, undefined],
    ["{ add: { X-Tenant: acme } }", { "X-Team": "support", "X-Tenant": "acme" }, undefined],
    ["{ remove: [X-TEAM, User-Agent] }", {}, ["x-team", "user-agent"]],
    ["{ set: { User-Agent: me }, remove: [x-team] }", { "User-Agent": "me" }, ["x-team"]],
  ])("%s", (rules, headers, removed) => {
    const { headers: sent, removedHeaders } = first(entry(rules));
    expect([sent, removedHeaders]).toEqual([headers, removed]);
  });

  it.each([
    ["{ set: { Authorization: x } }", "set.Authorization", "carries a credential"],
    ["{ add: { Mcp-Session-Id: x } }", "add.Mcp-Session-Id", "belongs to MCP"],
    ["{ remove: [content-type] }", "remove[0]", "frames the message"],
    ["{ set: { X-Forwarded-For: x } }", "set.X-Forwarded-For", "whence it comes"],
    ['{ set: { "a b": x } }', "set", "not the name of an HTTP header"],
    ['{ set: { X-A: "b\\nc" } }', "set.X-A", "one line"],
    ["{ set: { X-A: b, x-a: c } }", "set.x-a", "Another rule"],
    ["{ set: { X-A: b }, add: { x-a: c } }", "add.x-a", "Another rule"],
    ["{ add: { X-A: b }, remove: [x-a] }", "remove[0]", "Another rule"],
    ["{ append: { X-A: b } }", "append", "not known"],
  ])("%s is refused", (rules, key, message) => {
    const { errors } = errorsOf(entry(rules));
    expect(errors).toHaveLength(1);
    expect(errors[0]?.key).toContain(`upstreams.a.request_headers.${key}`);
    expect(errors[0]?.message).toContain(message);
  });

  it("go with url", () => {
    const { printed } = errorsOf("upstreams: { a: { command: x, request_headers: { set: { X-A: b } } } }");
    expect(printed).toContain("request_headers go with url.");
  });

  it.each<[string, Record<string, string> | undefined]>([
    [entry(`{ set: { X-Jwt: "\${T}" } }`), { "X-Jwt": `\${T}` }],
    [entry(`{ add: { X-Jwt: "\${T}" } }`), { "X-Jwt": `\${T}` }],
    [entry(`{ set: { x-jwt: "\${T}" } }`, `{ X-Jwt: "\${U}" }`), { "x-jwt": `\${T}` }],
    [entry(`{ set: { x-jwt: plain } }`, `{ X-Jwt: "\${U}" }`), undefined],
    [entry(`{ add: { x-jwt: "\${T}" } }`, `{ X-Jwt: "\${U}" }`), undefined],
    [entry(`{ remove: [x-jwt] }`, `{ X-Jwt: "\${U}" }`), undefined],
  ])("are noted where they are a reference and nothing else: %s", (text, references) => {
    expect(first(text, { T: "t", U: "u" }).references).toEqual(references);
  });

  it("are another place where a value is another, behind the reference of a credential, too", () => {
    const place = (team: string) =>
      placeOf(first(entry(`{ add: { X-Jwt: ${team} } }`, `{ X-Jwt: "\${U}" }`), { U: "u" }));
    expect(place("one")).not.toBe(place("two"));
  });

  it("refer to nothing in an entry that is registered", () => {
    const rules = { set: { "X-A": `\${HOME}` } };
    const read = readUpstreamEntry("a", { url: "https://a.example/mcp", request_headers: rules });
    expect(read).toMatchObject({ ok: false, mistakes: [{ at: "request_headers.set.X-A" }] });
  });
});
