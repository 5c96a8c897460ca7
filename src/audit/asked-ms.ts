import { isObject } from "../core/json.ts";
import { jsonIn } from "./read/read-matches.ts";

/** For how much of a call its server waited for answers of the client, ms: by the facts of its closing row. 0: it did not. */
export function askedMsIn(facts: string | null): number {
  if (facts === null) return 0;
  const read = jsonIn(facts);
  const asked = isObject(read) ? read["asked_ms"] : undefined;
  return typeof asked === "number" && asked > 0 ? asked : 0;
}
