import { createServer } from "node:http";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

/** A token issuer for the benchmark: a discovery document, keys and one long-lived token. */
export interface Issuer {
  readonly url: string;
  readonly audience: string;
  readonly token: string;
  close(): void;
}

/** Serves an issuer on loopback. */
export async function startIssuer(): Promise<Issuer> {
  const audience = "https://bench.example/mcp";
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "bench", alg: "ES256", use: "sig" };

  let url = "";
  const server = createServer((request, response) => {
    const body = request.url?.startsWith("/.well-known/")
      ? {
          issuer: url,
          jwks_uri: `${url}/jwks`,
          authorization_endpoint: `${url}/authorize`,
          token_endpoint: `${url}/token`,
        }
      : { keys: [jwk] };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;

  const token = await new SignJWT({ roles: ["employee"], email: "bench@example.com", client_id: "bench-agent" })
    .setProtectedHeader({ alg: "ES256", kid: "bench", typ: "at+jwt" })
    .setIssuer(url)
    .setSubject("bench")
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime("2h")
    .sign(privateKey);
  return { url, audience, token, close: () => server.close() };
}
