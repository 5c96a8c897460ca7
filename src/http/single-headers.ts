import type { IncomingMessage } from "node:http";
import { type Refusal, refuse } from "../core/errors.ts";

/**
 * The headers that decide something, and so may come once: Node joins or drops a second one without a word, and whoever
 * stands in front may have looked at the other. `one`: the value cannot hold a comma, so that two lines which somebody on
 * the way joined into one (RFC 9110 §5.3) are two as well. All of `Mcp-Param-*` belong here, too.
 */
const SINGLE = {
  Host: "one",
  Origin: "one",
  Authorization: "one",
  Cookie: "any",
  "Content-Type": "one",
  "Content-Length": "one",
  "Transfer-Encoding": "any",
  "User-Agent": "any",
  Forwarded: "any",
  Traceparent: "any",
  "Last-Event-ID": "one",
  "X-CSRF-Token": "one",
  "X-Request-ID": "any",
  "Mcp-Session-Id": "one",
  "MCP-Protocol-Version": "one",
  "Mcp-Method": "one",
  "Mcp-Name": "any",
} as const satisfies Record<string, "one" | "any">;

/** Names with a common beginning that may come once each. */
const SINGLE_PREFIX = "mcp-";

interface Rule {
  readonly name: string;
  /** One bit of a set. */
  readonly bit: number;
  readonly one: boolean;
}

// As written above and in lower case, which is how clients send them: nothing has to be turned to lower case for those.
const RULES: ReadonlyMap<string, Rule> = new Map(
  Object.entries(SINGLE).flatMap(([name, values], index) => {
    const rule = { name, bit: 1 << index, one: values === "one" };
    return [name, name.toLowerCase()].map((written) => [written, rule] as const);
  }),
);

/** Refuses a request that says twice what may be said once. Looks at the lines as they came. @throws never */
export function checkSingleHeaders({ rawHeaders }: Pick<IncomingMessage, "rawHeaders">): Refusal | undefined {
  let seen = 0;
  let others: Set<string> | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const written = rawHeaders[at] ?? "";
    let rule = RULES.get(written);
    if (rule === undefined) {
      const name = written.toLowerCase();
      rule = RULES.get(name);
      if (rule === undefined) {
        if (!name.startsWith(SINGLE_PREFIX)) continue;
        others ??= new Set();
        if (others.has(name)) return refuse("HEADER_REPEATED", `It is ${name}.`);
        others.add(name);
        continue;
      }
    }
    if ((seen & rule.bit) !== 0 || (rule.one && rawHeaders[at + 1]?.includes(","))) {
      return refuse("HEADER_REPEATED", `It is ${rule.name}.`);
    }
    seen |= rule.bit;
  }
  return undefined;
}
