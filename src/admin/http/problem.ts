import { STATUS_CODES } from "node:http";
import { ERRORS, type ErrorCode, type Refusal, refusalText } from "../../core/errors.ts";
import type { ProblemBody } from "./problem-schema.ts";

/** A refusal with what an answer of the API says besides. */
export interface Refused extends Refusal {
  /** What is wrong with the input, each mistake. */
  readonly errors?: NonNullable<ProblemBody["errors"]>;
  /** How an approval request stands now, for whoever was too late. */
  readonly current?: NonNullable<ProblemBody["current"]>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The HTTP status that a refusal has in the API. */
export function statusOf(code: ErrorCode): number {
  // On the wire of MCP this one is an answer to a call; here nothing was called.
  return code === "TOOL_UNKNOWN" ? 404 : ERRORS[code].status;
}

/** A refusal as an answer of the API. RFC 9457 §3 */
export function problemResponse({ headers, errors, current, ...refusal }: Refused): Response {
  const status = statusOf(refusal.code);
  const body: ProblemBody = {
    type: "about:blank",
    title: STATUS_CODES[status] ?? "Error",
    status,
    detail: refusalText(refusal),
    code: refusal.code,
    ...(errors && { errors }),
    ...(current && { current }),
  };
  const response = new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/problem+json", ...headers },
  });
  codes.set(response, refusal.code);
  return response;
}

const codes = new WeakMap<Response, ErrorCode>();

/** The code of a refusal that was answered so; `undefined`: it is none. */
export function codeOfProblem(response: Response): ErrorCode | undefined {
  return codes.get(response);
}
