import { afterAll, beforeAll, expect, it } from "vitest";
import { connectRaw } from "../support/clients.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import {
  answer,
  answerRaw,
  legacyScript,
  modernScript,
  type RawHandler,
  type RawUpstream,
  startRawUpstream,
} from "../support/raw-upstream.ts";

/* What a server says in an HTTP answer that is no message is its result for policies: what they take out of results is not in it. */

const MAIL = "ann@acme.com";
const POLICY = `policies:
  - id: no-addresses
    target: { tools: ["*/hidden"] }
    then: { redact: { detect: [email] } }
`;

const serve: RawHandler = (request, response) => {
  if (request.method !== "tools/list") return answerRaw(response, `{"detail":"${MAIL} has no budget"}`, 422);
  const tools = ["hidden", "shown"].map((name) => ({ name, inputSchema: { type: "object" } }));
  return answer(request, response, { resultType: "complete", tools, ttlMs: 0, cacheScope: "private" });
};

let servers: RawUpstream[];
let gateway: TestGateway;

beforeAll(async () => {
  servers = await Promise.all([legacyScript(serve), modernScript(serve)].map((script) => startRawUpstream(script)));
  const [legacy, modern] = servers.map(({ url }) => ({ url }));
  gateway = await startTestGateway({ upstreams: { legacy, modern } }, { "p.yaml": POLICY });
});
afterAll(async () => {
  await gateway.close();
  await Promise.all(servers.map((server) => server.close()));
});

it.each(["legacy", "modern"])(
  "a policy that takes addresses out of results does of what a %s server says",
  async (era) => {
    const client = await connectRaw(gateway.mcp);
    const [hidden, shown] = [await client.call(`${era}__hidden`), await client.call(`${era}__shown`)];
    await client.close();
    expect(shown).toMatchObject({ isError: true });
    expect(JSON.stringify(shown)).toContain(`${MAIL} has no budget`);
    expect(hidden).toMatchObject({ isError: true });
    expect(JSON.stringify(hidden)).toContain("has no budget");
    expect(JSON.stringify(hidden)).not.toContain(MAIL);
  },
);
