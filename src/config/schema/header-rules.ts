import { z } from "zod";
import { headerNameProblem } from "../../mcp/headers/header-name.ts";
import { headerValue } from "./schema-parts.ts";

const name = z.string().refine((text) => headerNameProblem(text) === undefined, {
  error: ({ input }) => headerNameProblem(String(input)) ?? "This is not the name of an HTTP header.",
});

/** `request_headers:` of an upstream. */
export const headerRulesSchema = z
  .strictObject({
    set: z.record(name, headerValue).default({}).describe("Headers to send, in the place of others of the same name."),
    add: z
      .record(name, headerValue)
      .default({})
      .describe("Values to send behind those that headers give, after a comma; or alone where there are none."),
    remove: z.array(name).default([]).describe("Headers not to send, user-agent among them."),
  })
  .superRefine((rules, context) => {
    const seen = new Set<string>();
    const places = [
      ...Object.keys(rules.set).map((key) => ["set", key]),
      ...Object.keys(rules.add).map((key) => ["add", key]),
      ...rules.remove.map((key, index) => ["remove", index, key]),
    ];
    for (const path of places) {
      const key = String(path.at(-1)).toLowerCase();
      const message = "Another rule is about this header, and names of headers have no case.";
      if (seen.has(key)) context.addIssue({ code: "custom", path: path.slice(0, 2), message });
      seen.add(key);
    }
  });

/** What rules make of headers. */
export interface HeaderRules {
  readonly set?: Readonly<Record<string, string>> | undefined;
  readonly add?: Readonly<Record<string, string>> | undefined;
  readonly remove?: readonly string[] | undefined;
}

/** The headers that are sent: as they are given, and then by the rules. @throws never */
export function withHeaderRules(
  headers: Readonly<Record<string, string>>,
  { set = {}, add = {}, remove = [] }: HeaderRules,
): Readonly<Record<string, string>> {
  const gone = new Set([...Object.keys(set), ...remove].map((key) => key.toLowerCase()));
  const kept = Object.entries(headers).filter(([key]) => !gone.has(key.toLowerCase()));
  const sent = new Map([...kept, ...Object.entries(set)]);
  for (const [key, value] of Object.entries(add)) {
    const there = [...sent.keys()].findLast((other) => other.toLowerCase() === key.toLowerCase());
    if (there === undefined) sent.set(key, value);
    else sent.set(there, `${sent.get(there)}, ${value}`);
  }
  return Object.fromEntries(sent);
}
