import { isObject, type Json } from "../../core/json.ts";
import type { Config } from "../schema/schema.ts";
import { valueAtPath } from "./issues.ts";

/** A reference and nothing else, but for the scheme of an `Authorization` header. */
const WHOLE = /^(?:[A-Za-z][\w-]* )?\$\{[^}]*\}$/;

/**
 * Notes beside each upstream which values of its `env` and `headers` are nothing but a reference, as they are written in the
 * file: where such a value is a credential, it may be replaced from time to time, and still be the same one.
 */
export function withReferences(config: Config, written: Json): Config {
  const upstreams = config.upstreams.map((upstream) => {
    const at = upstream.transport.kind === "stdio" ? "env" : "headers";
    const values = valueAtPath(written, ["upstreams", upstream.name, at]);
    const whole = Object.entries(isObject(values) ? values : {}).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string" && WHOLE.test(entry[1]),
    );
    return whole.length === 0 ? upstream : { ...upstream, references: Object.fromEntries(whole) };
  });
  return { ...config, upstreams };
}
