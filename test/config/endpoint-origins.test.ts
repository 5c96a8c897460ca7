import { expect, it } from "vitest";
import { buildScopes } from "../../src/core/scopes.ts";
import { configOf, errorsOf, place } from "./helpers.ts";

const text = (more: string) =>
  `upstreams: { crm: { url: "https://crm.example/mcp" } }\nendpoints: { partners: { upstreams: [crm]${more} } }`;

const originsOf = (more: string) => {
  const { endpoints } = configOf(text(more));
  const scopes = buildScopes(["crm"], endpoints);
  return ["", "crm", "partners"].map((name) => scopes.get(name)?.origins);
};

it.each<[string, ReadonlySet<string> | undefined]>([
  ["", undefined],
  [", allowed_origins: []", new Set()],
  [", allowed_origins: [https://portal.example]", new Set(["https://portal.example"])],
])("an endpoint has origins of its own where it names them%s, and no other has them", (more, own) => {
  expect(originsOf(more)).toEqual([undefined, undefined, own]);
});

it.each(["'*'", "https://portal.example/", "portal.example", "'null'", "https://*.example"])(
  "an endpoint takes no %s for an origin",
  (origin) => {
    const { errors, printed } = errorsOf(text(`, allowed_origins: [${origin}]`));
    expect(errors.map(place)).toEqual(["2:62 endpoints.partners.allowed_origins[0]"]);
    expect(printed).toContain("Write an origin: scheme, host and port");
  },
);
