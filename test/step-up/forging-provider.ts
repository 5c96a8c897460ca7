import { createServer, type ServerResponse } from "node:http";
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { onTestFinished } from "vitest";

/** Keys and claims that a test makes an ID token of. */
export interface Forge {
  readonly issuer: string;
  readonly nonce: string;
  readonly key: CryptoKey;
  /** Not in the provider's key set. */
  readonly foreignKey: CryptoKey;
  /** The claims of a good token. */
  readonly claims: JWTPayload;
}

/** What the token endpoint gives: an ID token, or whatever else. */
export type Answer = (forge: Forge) => string | undefined | Promise<string | undefined>;

export interface ForgingProvider {
  readonly issuer: string;
  /** Sets what the token endpoint answers. */
  answer(idToken: Answer): void;
  /** Sets a whole answer of an endpoint. */
  serve(path: string, handler: (response: ServerResponse) => void): void;
  /** The nonce that the gateway asked for. */
  nonce: string;
  /** What was posted to the token endpoint. */
  readonly posted: readonly URLSearchParams[];
  readonly requests: readonly string[];
  close(): Promise<void>;
}

// Made once: they take longer than a test does.
const pairs = Promise.all([generateKeyPair("RS256"), generateKeyPair("RS256")]);

/** An OpenID provider that signs what a test wants, over real sockets: for what a good provider never does. */
export async function startForgingProvider(metadata: Readonly<Record<string, unknown>> = {}): Promise<ForgingProvider> {
  const [{ privateKey, publicKey }, foreign] = await pairs;
  const jwk = { ...(await exportJWK(publicKey)), alg: "RS256", use: "sig", kid: "first" };
  const handlers = new Map<string, (response: ServerResponse) => void>();
  const requests: string[] = [];
  const posted: URLSearchParams[] = [];
  let makeToken: Answer = ({ key, claims }) => signed(claims, key);
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    requests.push(path);
    const handler = handlers.get(path);
    if (handler !== undefined) handler(response);
    else if (path === "/.well-known/openid-configuration") json(response, described);
    else if (path === "/jwks") json(response, { keys: [jwk] });
    else {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        posted.push(new URLSearchParams(Buffer.concat(chunks).toString("utf8")));
        void tokens().then((body) => json(response, body));
      });
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the provider has no port");
  const issuer = `http://127.0.0.1:${address.port}`;
  const described = {
    ...{
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
    },
    ...{ response_types_supported: ["code"], subject_types_supported: ["public"] },
    ...metadata,
  };
  const provider: ForgingProvider = {
    ...{ issuer, requests, posted, nonce: "" },
    answer(answer) {
      makeToken = answer;
    },
    serve: (path, handler) => handlers.set(path, handler),
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  onTestFinished(() => provider.close());

  async function tokens(): Promise<object> {
    const { nonce } = provider;
    const at = Math.floor(Date.now() / 1000);
    const claims = {
      iss: issuer,
      aud: "portcullis",
      sub: "ann",
      iat: at,
      exp: at + 300,
      auth_time: at,
      nonce,
      acr: "mfa",
    };
    const idToken = await makeToken({ issuer, nonce, key: privateKey, foreignKey: foreign.privateKey, claims });
    return { access_token: "canary-access-token", token_type: "Bearer", ...(idToken && { id_token: idToken }) };
  }
  return provider;
}

/** A signed ID token. */
export function signed(claims: JWTPayload, key: CryptoKey | Uint8Array, alg = "RS256", kid = "first"): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(key);
}

function json(response: ServerResponse, body: object): void {
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify(body));
}
