import { isObject } from "../core/json.ts";
import { jsonIn } from "./read/read-matches.ts";

/** The fact of an opening row under which the digest of the arguments stands that came, where policies made others of them. */
export const GIVEN_DIGEST = "given";

/** The digest of the arguments that came; `undefined`: they are those of the row, or it does not say. @throws never */
export function givenDigestIn(facts: string | null): string | undefined {
  const read = facts === null ? undefined : jsonIn(facts);
  const digest = isObject(read) ? read[GIVEN_DIGEST] : undefined;
  return typeof digest === "string" ? digest : undefined;
}
