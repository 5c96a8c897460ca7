import { createServer, type ServerResponse } from "node:http";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

/** What a token says besides the claims: header fields, and how it is signed. */
export interface Minting {
  /** A field that is `undefined` is left out. */
  readonly header?: { readonly alg?: string; readonly typ?: string | undefined; readonly kid?: string };
  /** Signs with the key that `rotate` replaced. */
  readonly withFormerKey?: boolean;
}

/**
 * What is answered: documents; no connection; nothing ever; status 500; something that is no document; another one; no keys; a
 * key that is none.
 */
export type IssuerBehaviour = "well" | "gone" | "silent" | "failing" | "garbage" | "other" | "keyless" | "unreadable";

/** Claims of a token, good or bad. */
export type Claims = Readonly<Record<string, unknown>>;

/** A bare issuer of tokens: metadata and keys over loopback HTTP, and any token that a test wants, well-formed or not. */
export interface TestIssuer {
  readonly issuer: string;
  readonly jwksUrl: string;
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[];
  publicKey(): JWK;
  /** Adds `iss`; all other claims are the test's. One that is `undefined` is left out. */
  mint(claims: Claims, minting?: Minting): Promise<string>;
  /** Signs exactly these texts as header and claims, whatever they are. */
  signTexts(header: string, claims: string): Promise<string>;
  /** Replaces the key by a new one under a new `kid`, or the same. */
  rotate(kid?: "new" | "same"): Promise<void>;
  /** Shows the keys at another place, which the metadata name. */
  move(path: string): void;
  /** Shows these entries of its key set before the key. */
  showBeside(entries: readonly unknown[]): void;
  behave(how: IssuerBehaviour): void;
  behaviour(): IssuerBehaviour;
  close(): Promise<void>;
}

/** Starts an issuer on a free port. With `slash` its metadata name it with one at the end. */
export async function startIssuer(options: { readonly slash?: boolean } = {}): Promise<TestIssuer> {
  let keys = await makeKeys("key-1");
  let former = keys;
  let behaviour: IssuerBehaviour = "well";
  let place = "/jwks";
  let beside: readonly unknown[] = [];
  const asked: string[] = [];

  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    if (behaviour === "silent") return;
    if (behaviour === "gone") return void request.socket.destroy();
    if (behaviour === "failing") return answer(response, 500, "{}");
    if (behaviour === "garbage") return answer(response, 200, "<html>");
    if (behaviour === "other") return answer(response, 200, JSON.stringify({ error: "starting" }));
    if (request.url === place) return answer(response, 200, JSON.stringify({ keys: [...beside, ...shown()] }));
    if (request.url !== "/.well-known/oauth-authorization-server") return answer(response, 404, "{}");
    answer(
      response,
      200,
      JSON.stringify({ issuer: options.slash === true ? `${issuer}/` : issuer, jwks_uri: issuer + place }),
    );
  });
  const shown = (): readonly JWK[] => {
    if (behaviour === "keyless") return [];
    return behaviour === "unreadable" ? [{ kty: "EC", crv: "P-256", kid: keys.jwk.kid ?? "" }] : [keys.jwk];
  };
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the issuer has no port");
  const issuer = `http://127.0.0.1:${address.port}`;

  return {
    issuer,
    jwksUrl: `${issuer}/jwks`,
    asked,
    publicKey: () => keys.jwk,
    mint(claims, minting = {}) {
      const { jwk, privateKey } = minting.withFormerKey === true ? former : keys;
      const { typ, ...header } = { alg: "ES256", kid: jwk.kid ?? "", typ: "at+jwt", ...minting.header };
      return new SignJWT({ iss: issuer, ...claims })
        .setProtectedHeader({ ...header, ...(typ === undefined ? {} : { typ }) })
        .sign(privateKey);
    },
    async signTexts(header, claims) {
      const signed = [header, claims].map((text) => Buffer.from(text).toString("base64url")).join(".");
      const signature = await crypto.subtle.sign(
        { name: "ECDSA", hash: "SHA-256" },
        keys.privateKey,
        Buffer.from(signed),
      );
      return `${signed}.${Buffer.from(signature).toString("base64url")}`;
    },
    async rotate(kid = "new") {
      former = keys;
      const { kid: before = "" } = keys.jwk;
      keys = await makeKeys(kid === "same" ? before : `key-${Number(before.slice(4)) + 1}`);
    },
    move(path) {
      place = path;
    },
    showBeside(entries) {
      beside = entries;
    },
    behave(how) {
      behaviour = how;
    },
    behaviour: () => behaviour,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

async function makeKeys(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" };
  return { jwk, privateKey };
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "application/json" }).end(body);
}
