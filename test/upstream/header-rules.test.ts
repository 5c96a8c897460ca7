import { expect, it } from "vitest";
import { createMask } from "../../src/upstream/link/mask.ts";
import { startLegacyUpstream } from "../support/legacy-upstream.ts";
import { startModernUpstream } from "../support/modern-upstream.ts";
import { httpUpstream, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();

it.each([
  ["modern", startModernUpstream],
  ["legacy", startLegacyUpstream],
] as const)("a %s server gets headers that rules set, and not those that they remove", async (_, start) => {
  const server = closing(await start());
  const headers = { "X-Tenant": "acme" };
  const transport = { kind: "http", url: server.url, headers, removedHeaders: ["user-agent"] } as const;
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url, { transport })]));
  await (await upstreamIn(upstreams, "up")).session(testPeer("p")).request(toolCall("echo", { text: "a" }));
  expect(server.seen.length).toBeGreaterThan(1);
  for (const seen of server.seen) {
    expect(seen).toMatchObject({ "x-tenant": "acme" });
    expect(seen).not.toHaveProperty("user-agent");
  }
});

it("values of a header are masked one by one, where rules added some", () => {
  const mask = createMask({ kind: "http", url: "https://a.example", headers: { "X-Team": "canary-one, tw2x" } });
  expect(mask("said canary-one and tw2x")).not.toMatch(/canary-one|tw2x/);
});
