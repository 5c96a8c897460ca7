import {
  Client,
  type OAuthClientProvider,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { MODERN_REVISION } from "../../src/mcp/revisions.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type ModernUpstream, startModernUpstream } from "../support/modern-upstream.ts";
import { type OidcServer, startOidc } from "../support/oidc.ts";
import { freePort } from "../support/program.ts";
import { visit } from "../support/visit.ts";

const REDIRECT = "http://127.0.0.1:1/callback";

const POLICY = `policies:
  - id: scope
    target: { tools: ["modern/echo"] }
    when: args.text == "a lot"
    then: { step_up: { scopes: ["pay:large"], via: scope } }
`;

let upstream: ModernUpstream;
let idp: OidcServer;
let gateway: TestGateway;
beforeAll(async () => {
  const port = await freePort();
  const resource = `http://127.0.0.1:${port}/mcp`;
  upstream = await startModernUpstream();
  idp = await startOidc({ accounts: [{ id: "ann" }], resources: { [resource]: ["mcp:tools", "pay:large"] } });
  gateway = await startTestGateway(
    {
      auth: { jwt: [{ issuer: idp.issuer, audience: resource, required_scopes: ["mcp:tools"] }] },
      upstreams: { modern: { url: upstream.url } },
    },
    { "p.yaml": POLICY },
    { port },
  );
}, 60_000);
afterAll(async () => {
  await gateway?.close();
  await idp?.close();
  await upstream?.close();
});

/** Ann's agent, and the ways to the identity provider that it has sent her. */
function agent() {
  const asked: URL[] = [];
  const kept: { tokens?: StoredOAuthTokens; verifier?: string } = {};
  const provider: OAuthClientProvider = {
    redirectUrl: REDIRECT,
    clientMetadata: { redirect_uris: [REDIRECT], token_endpoint_auth_method: "none" },
    clientInformation: () => ({ client_id: idp.clientId }),
    tokens: () => kept.tokens,
    saveTokens: (tokens) => {
      kept.tokens = tokens;
    },
    redirectToAuthorization: (url) => {
      asked.push(url);
    },
    saveCodeVerifier: (verifier) => {
      kept.verifier = verifier;
    },
    codeVerifier: () => kept.verifier ?? "",
  };
  return { provider, asked, kept };
}

/** Ann's part: she follows the way that her agent was sent, and the provider knows her. */
async function signIn(way: URL | undefined): Promise<URLSearchParams> {
  if (way === undefined) throw new Error("The agent has asked nobody.");
  const jar = new Map<string, string>();
  let url = new URL(way);
  url.searchParams.set("login_hint", "ann");
  for (let hop = 0; hop < 10 && !url.href.startsWith(REDIRECT); hop++) {
    const response = await visit(jar, url);
    url = new URL(response.headers.get("location") ?? "", url);
  }
  return url.searchParams;
}

describe("SDK v2, whose call needs a scope that its token lacks", () => {
  it("asks the identity provider for all that it had and that one, and its call goes through with the new token", async () => {
    const { provider, asked, kept } = agent();
    const connect = async () => {
      const transport = new StreamableHTTPClientTransport(new URL(gateway.mcp), { authProvider: provider });
      const client = new Client(
        { name: "agent", version: "1" },
        { versionNegotiation: { mode: { pin: MODERN_REVISION } } },
      );
      onTestFinished(() => client.close());
      return { transport, client };
    };
    const first = await connect();
    await expect(first.client.connect(first.transport)).rejects.toThrow(UnauthorizedError);
    await first.transport.finishAuth(await signIn(asked[0]));
    const { transport, client } = await connect();
    await client.connect(transport);
    const call = async (text: string) => {
      const { content } = await client.callTool({ name: "modern__echo", arguments: { text } });
      return content;
    };
    expect(await call("little")).toMatchObject([{ text: "little" }]);
    const before = upstream.seen.length;
    await expect(call("a lot")).rejects.toThrow(UnauthorizedError);
    expect(upstream.seen).toHaveLength(before);
    expect(asked.at(-1)?.searchParams.get("scope")?.split(" ").sort()).toEqual(["mcp:tools", "pay:large"]);
    await transport.finishAuth(await signIn(asked.at(-1)));
    expect(kept.tokens?.scope).toContain("pay:large");
    expect(await call("a lot")).toMatchObject([{ text: "a lot" }]);
    expect(asked).toHaveLength(2);
  });
});
