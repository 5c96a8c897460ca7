import { differBySlash } from "../../core/urls.ts";
import { fetchJson } from "./fetch-json.ts";

export type Discovered =
  | { readonly ok: true; readonly jwksUrl: string }
  | { readonly ok: false; readonly reason: string };

/** Where an issuer's metadata may be, in the order of the MCP specification. RFC 8414 §3, OpenID Connect Discovery §4 */
export function metadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname === "/" ? "" : pathname.replace(/\/$/, "");
  const urls = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
  return [...new Set(urls)];
}

/** Asks an issuer where its keys are. The metadata must name the issuer exactly. RFC 8414 §3.3 @throws never */
export async function discoverJwksUrl(issuer: string, signal: AbortSignal, maxBytes: number): Promise<Discovered> {
  const asked = metadataUrls(issuer).map(async (url) => {
    const fetched = await fetchJson(url, signal, maxBytes);
    const verdict = fetched.ok ? checkMetadata(issuer, fetched.body["issuer"], fetched.body["jwks_uri"]) : fetched;
    return verdict.ok ? verdict : Promise.reject(new Error(`${url}: ${verdict.reason}`));
  });
  try {
    // All of them name the issuer, so the first good one is as good as any; a place that stalls holds up nobody.
    return await Promise.any(asked);
  } catch (err) {
    const reasons = err instanceof AggregateError ? err.errors : [err];
    return { ok: false, reason: reasons.map((reason) => (reason instanceof Error ? reason.message : "")).join("; ") };
  }
}

function checkMetadata(issuer: string, named: unknown, jwksUri: unknown): Discovered {
  if (named !== issuer) {
    const slash = typeof named === "string" && differBySlash(named, issuer) ? ", by a slash at its end" : "";
    return { ok: false, reason: `the metadata names another issuer${slash}` };
  }
  if (typeof jwksUri !== "string" || !URL.canParse(jwksUri))
    return { ok: false, reason: "the metadata has no jwks_uri" };
  const { protocol } = new URL(jwksUri);
  // Keys that came unencrypted would undo the issuer's https.
  const good = protocol === "https:" || (protocol === "http:" && issuer.startsWith("http:"));
  return good ? { ok: true, jwksUrl: jwksUri } : { ok: false, reason: "its jwks_uri is not https" };
}
