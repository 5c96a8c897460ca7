import { isObject, type Json } from "../../core/json.ts";
import { withHeaderRules } from "../schema/header-rules.ts";
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
    const texts = (...at: readonly string[]) => textsIn(valueAtPath(written, ["upstreams", upstream.name, ...at]));
    const removed = upstream.transport.kind === "stdio" ? [] : upstream.transport.removedHeaders;
    const rules = { set: texts("request_headers", "set"), add: texts("request_headers", "add"), remove: removed };
    const values = upstream.transport.kind === "stdio" ? texts("env") : withHeaderRules(texts("headers"), rules);
    const whole = Object.entries(values).filter(([, value]) => WHOLE.test(value));
    return whole.length === 0 ? upstream : { ...upstream, references: Object.fromEntries(whole) };
  });
  return { ...config, upstreams };
}

function textsIn(values: Json | undefined): Readonly<Record<string, string>> {
  const entries = Object.entries(isObject(values) ? values : {});
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}
