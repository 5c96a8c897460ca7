import { STATUS_CODES } from "node:http";
import { ERRORS, type Refusal, refusalText } from "../core/errors.ts";
import type { ProblemBody } from "./problem-schema.ts";

/** What a problem carries besides the refusal. */
export interface ProblemExtras extends Pick<ProblemBody, "errors" | "current"> {
  readonly headers?: Readonly<Record<string, string>>;
}

/** A refusal as an answer of the API. RFC 9457 §3 */
export function problem(refusal: Refusal, { headers, ...members }: ProblemExtras = {}): Response {
  const { status } = ERRORS[refusal.code];
  const body: ProblemBody = {
    type: "about:blank",
    title: STATUS_CODES[status] ?? "Error",
    status,
    detail: refusalText(refusal),
    code: refusal.code,
    ...members,
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/problem+json", ...headers },
  });
}
