import type { Json, JsonObject } from "../../core/json.ts";
import { suggest } from "../../core/suggest.ts";
import { baseUrl, differBySlash } from "../../core/urls.ts";
import type { ConfigIssue } from "../file/issues.ts";
import type { YamlPath } from "../file/yaml-source.ts";
import { isLoopbackHost, parseUrl, withoutTrailingSlash } from "../schema/schema-parts.ts";
import { listOf, objectOf, textOf } from "./raw-values.ts";

/**
 * Warns of audiences with which tokens cannot be what clients ask their issuer for: clients go by the URLs that the metadata of
 * the endpoints name. Takes nothing for granted about shapes.
 */
export function warnOfAudiences(config: JsonObject): ConfigIssue[] {
  const server = objectOf(config["server"]);
  const configured = textOf(server["public_url"]);
  const base = configured === undefined ? ownAddress(server) : withoutTrailingSlash(configured);
  const names = ["upstreams", "endpoints"].flatMap((section) => Object.keys(objectOf(config[section])));
  const paths = ["/mcp", "/api/v1", ...names.map((name) => `/mcp/${name}`)];
  return listOf(objectOf(config["auth"])["jwt"]).flatMap((entry, index) => {
    const path: YamlPath = ["auth", "jwt", index];
    const { audience } = objectOf(entry);
    if (audience !== undefined)
      return base === undefined ? [] : warnOf([audience].flat(), [...path, "audience"], base, paths);
    // The host was warned of already where others can connect.
    return configured !== undefined || isLoopbackHost(textOf(server["host"]) ?? "127.0.0.1") ? [] : [withoutUrl(path)];
  });
}

function withoutUrl(path: YamlPath): ConfigIssue {
  const message =
    "Tokens have to be for the URLs of the endpoints, and others than clients use: public_url is not set.";
  return { path, at: "key", message, hint: "Set server.public_url." };
}

/** Where clients of this machine find the gateway; `undefined`: at a port that only the machine knows. */
function ownAddress(server: JsonObject): string | undefined {
  const host = textOf(server["host"]) ?? "127.0.0.1";
  const port = server["port"] ?? 3000;
  return isLoopbackHost(host) && typeof port === "number" && port !== 0 ? `http://${host}:${port}` : undefined;
}

function warnOf(audiences: readonly Json[], path: YamlPath, base: string, paths: readonly string[]): ConfigIssue[] {
  const texts = audiences.map((audience) => textOf(audience) ?? "");
  const found = texts.flatMap((audience, index): ConfigIssue[] => {
    const at = { path: texts.length === 1 ? path : [...path, index], at: "value" as const };
    const almost = paths.find((end) => differBySlash(audience, base + end));
    if (almost !== undefined) {
      const message = `A slash at the end is all that differs from ${base}${almost}, for which tokens are meant.`;
      return [{ ...at, message, hint: "Write it as the issuer does: audiences are compared character by character." }];
    }
    const name = audience.startsWith(`${base}/mcp/`) ? audience.slice(`${base}/mcp/`.length) : undefined;
    if (name === undefined || paths.includes(`/mcp/${name}`)) return [];
    const known = paths.flatMap((end) => (end.startsWith("/mcp/") ? [end.slice("/mcp/".length)] : []));
    const meant = suggest(name, known);
    const hint = meant === undefined ? "Leave it out, unless it will be registered." : `Did you mean ${meant}?`;
    return [{ ...at, message: "No upstream and no endpoint has this name.", hint }];
  });
  // Other names than URLs are the provider's own, and what clients ask for does not change them.
  if (!texts.every((audience) => /^https?:$/.test(parseUrl(audience)?.protocol ?? ""))) return found;
  const covered = (end: string) =>
    texts.map(baseUrl).some((above) => above && `${base}${end}/`.startsWith(`${above}/`));
  const refused = paths.filter((end) => end.startsWith("/mcp") && !covered(end));
  if (refused.length === 0) return found;
  const message = `Clients of ${refused.join(", ")} ask their issuer for tokens for that URL below ${base}, as the metadata says, and those are refused.`;
  const hint = "Set server.public_url to the URL that clients use, and leave audience out.";
  return [...found, { path, at: "value", message, hint }];
}
