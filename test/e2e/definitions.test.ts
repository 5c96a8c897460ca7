import { expect, it } from "vitest";
import { sha256 } from "../../src/core/digest.ts";
import { canonicalJson } from "../../src/core/json.ts";
import { openStoreReader } from "../../src/store/open-store.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { startLegacyUpstream } from "../support/legacy-upstream.ts";
import { closeAfterEach } from "../support/upstreams.ts";

const closed = closeAfterEach();

async function stored(gateway: TestGateway) {
  const reader = openStoreReader({ url: `file:${gateway.dir}/data/portcullis.db` });
  try {
    return await reader.definitions.current();
  } finally {
    reader.close();
  }
}

const namesIn = async (gateway: TestGateway) => (await stored(gateway)).map(({ tool }) => tool).join(" ");

it("keeps in the store what the upstreams list, as far as the operator lets it through", async () => {
  const upstream = closed(await startLegacyUpstream());
  const config = (allow: readonly string[]) => ({ upstreams: { legacy: { url: upstream.url, tools: { allow } } } });
  const gateway = closed(await startTestGateway(config(["echo", "w*"]), {}, { timing: { catalog: { calmMs: 0 } } }));
  const becomes = (names: string) => eventually(async () => ((await namesIn(gateway)) === names ? true : undefined));
  await becomes("echo wait");
  const [echo] = await stored(gateway);
  expect(echo).toMatchObject({ upstream: "legacy", definition: { name: "echo", inputSchema: { type: "object" } } });
  expect(echo?.digest).toBe(sha256(canonicalJson(echo?.definition)));

  gateway.reconfigure(config(["echo", "w*", "log"]));
  await becomes("echo log wait");

  upstream.tools.push("write");
  await gateway.restart();
  await becomes("echo log wait write");

  // A server that lists nothing any more has nothing that policies could be about.
  upstream.tools.length = 0;
  await gateway.restart();
  await becomes("");
});
