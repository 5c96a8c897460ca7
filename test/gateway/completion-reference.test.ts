import { expect, it } from "vitest";
import { buildView } from "../../src/catalog/view.ts";
import { Cancellation } from "../../src/core/cancellation.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { createRelay, type RelayDeps } from "../../src/gateway/relay.ts";
import { createDeclaredArguments } from "../../src/gateway/requests/declared-arguments.ts";
import { createLinks } from "../../src/gateway/steps/links.ts";

/** What a server gets of a reference in `completion/complete`. */
async function sent(ref: JsonObject): Promise<unknown> {
  const lists = {
    tools: [],
    resources: [],
    prompts: [{ upstream: "u", key: "p", definition: { name: "p" } }],
    resourceTemplates: [{ upstream: "u", key: "a://{x}", definition: { uriTemplate: "a://{x}" } }],
  };
  const scope = { endpoint: "", upstreams: ["u"], prefixed: true, shows: () => true };
  let got: JsonObject | undefined;
  const session = {
    request: async ({ params }: { readonly params: JsonObject }) => {
      got = params;
      return { kind: "error", error: { code: -32000, message: "enough" } };
    },
  };
  const catalog = { view: () => buildView(scope, () => ({ lists, hidden: false })) };
  const deps = {
    catalog,
    links: createLinks({ catalog }),
    upstreams: { get: () => ({ session: () => session }) },
    declared: createDeclaredArguments(),
    outside: { peerFor: () => ({}) },
  };
  await createRelay(deps as unknown as RelayDeps)({
    method: "completion/complete",
    params: { ref, argument: { name: "x", value: "" } },
    scope,
    peer: {},
    cancellation: new Cancellation(),
  } as never);
  return got?.["ref"];
}

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
