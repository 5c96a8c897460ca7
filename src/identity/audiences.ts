import type { Json } from "../core/json.ts";
import { baseUrl, differBySlash } from "../core/urls.ts";

const ENDPOINT = /^\/mcp(\/[a-z0-9][a-z0-9-]{0,31})?$/;

/** The path by which the endpoint of a request is a resource. It comes from outside: what could be no endpoint is `/mcp`. */
export function resourcePath(path: string): string {
  return ENDPOINT.test(path) ? path : "/mcp";
}

/** Whom a token of an issuer may be for at an endpoint: `aud` must hold one of these. */
export type AudiencesAt = (configured: readonly string[], path: string) => readonly string[];

/**
 * Makes it for the endpoints under a public URL. Each is a resource of its own, named by its URL, as its metadata say. What
 * is configured counts at all of them, and alone, except that what is configured as a URL stands for each endpoint below it,
 * too. RFC 8707 §2, RFC 9728 §3.3
 */
export function createAudiences(publicUrl: string): AudiencesAt {
  const base = baseUrl(publicUrl) ?? publicUrl;
  const bases = new WeakMap<readonly string[], readonly (string | undefined)[]>();
  return (configured, path) => {
    let above = bases.get(configured);
    if (above === undefined) {
      above = configured.map(baseUrl);
      bases.set(configured, above);
    }
    const end = resourcePath(path);
    const counts =
      above.length === 0 || above.some((one) => one !== undefined && `${base}${end}/`.startsWith(`${one}/`));
    return counts && !configured.includes(publicUrl + end) ? [...configured, publicUrl + end] : configured;
  };
}

/** Whether `aud` holds one of these. RFC 7519 §4.1.3 */
export function isFor(aud: Json | undefined, audiences: readonly string[]): boolean {
  return audiencesIn(aud).some((one) => audiences.includes(one));
}

/** The one of these that `aud` would hold if a slash at an end did not count. */
export function almostFor(aud: Json | undefined, audiences: readonly string[]): string | undefined {
  return audiences.find((audience) => audiencesIn(aud).some((one) => differBySlash(one, audience)));
}

function audiencesIn(aud: Json | undefined): readonly string[] {
  return [aud].flat().filter((one) => typeof one === "string");
}
