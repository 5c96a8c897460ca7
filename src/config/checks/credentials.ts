import { sha256 } from "../../core/digest.ts";
import type { JsonObject } from "../../core/json.ts";
import { KEY_GROUP } from "../../core/ways-in.ts";
import type { ConfigIssue } from "../file/issues.ts";
import { isLoopbackHost, parseUrl } from "../schema/schema-parts.ts";
import { listOf, objectOf, repeatedNames, textOf } from "./raw-values.ts";

/** Checks that nobody else gets in where callers need no credential. */
export function checkAnonymous(config: JsonObject): ConfigIssue[] {
  const { server, auth } = config;
  if (objectOf(auth)["anonymous"] !== true) return [];
  const path = ["auth", "anonymous"];
  const why = "so that nobody else gets in without a credential.";
  const host = textOf(objectOf(server)["host"]) ?? "127.0.0.1";
  if (!isLoopbackHost(host)) {
    const message = `Anonymous callers are possible only while the gateway listens on this machine alone, ${why}`;
    return [{ path, at: "value", message, hint: "Set server.host to 127.0.0.1, or use auth.api_keys." }];
  }
  const url = parseUrl(textOf(objectOf(server)["public_url"]) ?? "");
  if (url === undefined || isLoopbackHost(url.hostname)) return [];
  // Behind a proxy on this machine every caller of the public URL would look local.
  const message = `Anonymous callers are possible only while public_url is a URL of this machine, ${why}`;
  return [{ path, at: "value", message, hint: "Use auth.api_keys or auth.jwt behind a public URL." }];
}

/** Checks that passwords do not travel unencrypted: one goes out with every request, as it is. */
export function checkBasic({ server, auth }: JsonObject): ConfigIssue[] {
  if (objectOf(auth)["basic"] === undefined) return [];
  const publicUrl = textOf(objectOf(server)["public_url"]);
  const url = parseUrl(publicUrl ?? "");
  const host =
    publicUrl === undefined ? (textOf(objectOf(server)["host"]) ?? "127.0.0.1") : (url?.hostname ?? "localhost");
  if (url?.protocol === "https:" || isLoopbackHost(host)) return [];
  const message =
    "Passwords would travel unencrypted: clients are on other machines, and the public URL is not https://.";
  return [
    {
      path: ["auth", "basic"],
      at: "key",
      message,
      hint: "Put TLS in front and write https:// into server.public_url.",
    },
  ];
}

/** Checks that keys have names and hashes of their own, and users where they need them. */
export function checkApiKeys(config: JsonObject): ConfigIssue[] {
  const keys = listOf(objectOf(config["auth"])["api_keys"]).map(objectOf);
  const users = keys.map((entry) => textOf(entry["user"]));
  const twice = repeatedNames(keys, "name").map(
    (index): ConfigIssue => ({
      path: ["auth", "api_keys", index, "name"],
      at: "value",
      message: "Another key has the same name.",
      hint: undefined,
    }),
  );
  // Some have a hash, and others the key itself.
  const hashes = keys.map(({ hash, key }) => ({
    hash: typeof key === "string" ? `sha256:${sha256(key)}` : (hash ?? null),
  }));
  const same = repeatedNames(hashes, "hash").map(
    (index): ConfigIssue => ({
      path: ["auth", "api_keys", index, keys[index]?.["key"] === undefined ? "hash" : "key"],
      at: "value",
      message:
        keys[index]?.["key"] === undefined ? "Another key has the same hash." : "Another entry has the same key.",
      hint: "Run `portcullis keys create` for each key.",
    }),
  );
  // A key without a user acts for itself, under its name; sessions and records would take the two for one caller.
  const machines = keys.flatMap((entry, index): ConfigIssue[] => {
    const name = textOf(entry["name"]);
    if (users[index] !== undefined || name === undefined || !users.includes(name)) return [];
    const message = "This key belongs to a machine, and its name is another key's user.";
    return [
      { path: ["auth", "api_keys", index, "name"], at: "value", message, hint: "Rename it, or give it the user." },
    ];
  });
  const nobodys = keys.flatMap((entry, index): ConfigIssue[] => {
    if (entry["kind"] !== "person" || users[index] !== undefined) return [];
    const message = "A key of kind person needs its user.";
    return [{ path: ["auth", "api_keys", index, "kind"], at: "value", message, hint: "Add user, or write machine." }];
  });
  return [...twice, ...same, ...machines, ...nobodys];
}

/** What an endpoint may name in `auth`: the ways in that there are. */
export function waysIn(auth: JsonObject): readonly string[] {
  const keys = listOf(auth["api_keys"]).map(objectOf);
  const groups = new Set(keys.flatMap((entry) => listOf(entry["groups"]).map(textOf)));
  return [
    ...listOf(auth["jwt"]).flatMap((issuer) => textOf(objectOf(issuer)["issuer"]) ?? []),
    ...(keys.length === 0 ? [] : ["api_keys"]),
    ...[...groups].flatMap((group) => (group === undefined ? [] : [KEY_GROUP + group])),
    ...(auth["basic"] === undefined ? [] : ["basic"]),
    ...(auth["anonymous"] === true ? ["anonymous"] : []),
  ];
}
