import { writeExact } from "../core/exact-json.ts";
import type { JsonObject } from "../core/json.ts";
import { requestFacts } from "../policy/request-facts.ts";
import type { GuardQuestion } from "./guard.ts";

/** What a guard outside is sent: the facts that conditions see, `phase` and `content`. */
export function questionOf({ phase, input, content }: GuardQuestion): JsonObject {
  return { phase, ...requestFacts(input), content };
}

/** Its JSON, with all digits of numbers; `undefined` where it is more than `maxBytes`. */
export function writtenQuestion(question: GuardQuestion, maxBytes: number): string | undefined {
  const text = writeExact(questionOf(question));
  return Buffer.byteLength(text) > maxBytes ? undefined : text;
}
