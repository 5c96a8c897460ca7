import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startTestGateway } from "../support/gateway.ts";
import { startLegacyUpstream } from "../support/legacy-upstream.ts";
import { startModernUpstream } from "../support/modern-upstream.ts";
import { LOOPBACK, register, root, upstreamsOf } from "../support/registering.ts";
import { closeAfterEach } from "../support/upstreams.ts";

const closing = closeAfterEach();

describe("the tools of all upstreams", () => {
  const POLICY = (tools: string) => `policies:
  - id: about-echo
    target: { tools: ["${tools}"] }
    then: { deny: { message: "No." } }
  - id: about-destructive
    target: { annotations: { destructiveHint: true } }
    then: { deny: { message: "No." } }
`;

  it("are shown with their definition and the policies that could bear on them, anew only after a change", async () => {
    const [one, two] = [closing(await startModernUpstream()), closing(await startLegacyUpstream())];
    const config = { upstreams: { zed: { url: one.url }, abc: { url: two.url, tools: { allow: ["echo"] } } } };
    const gateway = closing(await startTestGateway({ ...LOOPBACK, ...config }, { "p.yaml": POLICY("zed/echo") }));
    const { tools } = gateway.running.wired;
    const shown = tools();
    expect(shown[0]).toMatchObject({
      upstream: "abc",
      tool: "echo",
      name: "abc__echo",
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      definition: { name: "echo", inputSchema: { type: "object" } },
    });
    expect(shown[0]?.policies).not.toContain("about-echo");
    expect(shown.slice(1).every((tool) => tool.upstream === "zed")).toBe(true);
    expect(shown.find((tool) => tool.name === "zed__echo")?.policies).toContain("about-echo");
    expect(tools()).toBe(shown);

    gateway.writePolicy("p.yaml", POLICY("abc/echo"));
    await eventually(async () => (tools()[0]?.policies.includes("about-echo") ? true : undefined));
    await register(gateway, "mid", { url: one.url });
    expect(tools().some((tool) => tool.upstream === "mid")).toBe(true);
    await upstreamsOf(gateway).remove(root, "mid");
    expect(tools().some((tool) => tool.upstream === "mid")).toBe(false);
  });
});
