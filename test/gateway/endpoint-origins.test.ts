import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { send } from "../support/raw-mcp.ts";

const PAGE = "https://portal.example";
// Nothing listens there.
const configOf = (origins: readonly string[] | undefined) => ({
  upstreams: { any: { url: "http://127.0.0.1:9/mcp" } },
  endpoints: { partners: { upstreams: ["any"], ...(origins && { allowed_origins: origins }) } },
});

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway(configOf(undefined));
});
afterAll(() => gateway.close());

const preflight = async (path: string) => {
  const headers = { Origin: PAGE, Authorization: undefined, "Access-Control-Request-Method": "POST" };
  const { status } = await send(Number(new URL(gateway.url).port), { method: "OPTIONS", path, headers });
  return status;
};

it("web pages may call an endpoint, and read its metadata, from when the configuration names them and for so long", async () => {
  const paths = ["/mcp/partners", "/.well-known/oauth-protected-resource/mcp/partners", "/mcp/any", "/mcp"];
  const answers: number[][] = [];
  for (const origins of [undefined, [PAGE], []]) {
    gateway.reconfigure(configOf(origins));
    answers.push(await Promise.all(paths.map(preflight)));
  }
  expect(answers).toEqual([
    [403, 403, 403, 403],
    [204, 204, 403, 403],
    [403, 403, 403, 403],
  ]);
});
