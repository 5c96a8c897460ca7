import { expect, it } from "vitest";
import { buildView } from "../../src/catalog/view.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { createDeclaredArguments } from "../../src/gateway/requests/declared-arguments.ts";
import { REQUEST_KINDS } from "../../src/gateway/requests/kinds.ts";
import { createLinks } from "../../src/gateway/steps/links.ts";
import { type ResolveOtherDeps, resolveCompletion } from "../../src/gateway/steps/resolve-other.ts";

/** What a server gets of a reference in `completion/complete`, at an endpoint of `upstreams`; else what it is refused for. */
async function sent(
  ref: JsonObject,
  { upstreams = ["u"], argument = "x" }: { readonly upstreams?: readonly string[]; readonly argument?: string } = {},
): Promise<unknown> {
  const lists = {
    tools: [],
    resources: [],
    prompts: [{ upstream: "u", key: "p", definition: { name: "p" } }],
    resourceTemplates: [{ upstream: "u", key: "a://{x}", definition: { uriTemplate: "a://{x}" } }],
  };
  const scope = { endpoint: "", upstreams, prefixed: true, shows: () => true };
  const catalog = { view: () => buildView(scope, (name) => ({ lists: name === "u" ? lists : NONE, hidden: false })) };
  const deps = {
    catalog,
    links: createLinks({ catalog }),
    upstreams: { get: () => undefined },
    declared: createDeclaredArguments(),
    visibility: { hides: () => false },
  };
  const params = { ref, argument: { name: argument, value: "" } };
  const call = { method: "completion/complete", params, scope, peer: {} };
  const resolved = resolveCompletion(deps as unknown as ResolveOtherDeps, call as never);
  if (!resolved.ok) return resolved.outcome.refusal.code;
  return REQUEST_KINDS["completion/complete"].named(resolved.subject, params).ref;
}

const NONE = { tools: [], prompts: [], resources: [], resourceTemplates: [] };

it.each([
  [
    { type: "ref/prompt", name: "u__p", title: "P", uri: "secret://other" },
    { type: "ref/prompt", name: "p", title: "P" },
  ],
  [
    { type: "ref/resource", uri: "a://{x}", name: "hidden", title: "H" },
    { type: "ref/resource", uri: "a://{x}" },
  ],
])("a reference is sent with what it was found by, and nothing else: %j", async (ref, expected) => {
  expect(await sent(ref)).toEqual(expected);
});

it.each(["a://{x}", "a://{x}#portcullis=u"])(
  "of the template %s no variable is sent that reads like another",
  async (uri) => {
    const ref = { type: "ref/resource", uri };
    expect(await sent(ref, { upstreams: ["u", "v"] })).toEqual({ type: "ref/resource", uri: "a://{x}" });
    expect(await sent(ref, { upstreams: ["u", "v"], argument: "X" })).toBe("KEYS_AMBIGUOUS");
  },
);
