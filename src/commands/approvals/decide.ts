import { createInterface } from "node:readline/promises";
import { type ApprovalDetailBody, approvalDetailSchema, approvalSchema } from "../../admin/approvals/schema.ts";
import { ERRORS } from "../../core/errors.ts";
import { writeExact } from "../../core/exact-json.ts";
import type { ApiClient, ApiRefusal } from "../api/client.ts";
import type { Shell } from "../shell.ts";
import { isTerminal, one, painter, print } from "../terminal/output.ts";
import { approvalText } from "./text.ts";
import { SCREEN, visible } from "./tree.ts";

/** Options of `approve` and `reject`. */
export interface DecideOptions {
  readonly reason?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Puts a question to whoever sits there; `undefined` if they leave without an answer. */
export type Prompt = (question: string) => Promise<string | undefined>;

/** What is to be said of which request. */
export interface GivenVote {
  readonly id: string;
  readonly decision: "approve" | "reject";
}

/**
 * Shows a request, asks, and decides exactly what was shown: its version and the digest of its arguments go along, so
 * that the gateway refuses if anything has changed meanwhile.
 */
export async function decideApproval(
  shell: Shell,
  api: ApiClient,
  { id, decision }: GivenVote,
  options: DecideOptions,
  prompt: Prompt | undefined = terminalOf(shell),
): Promise<void> {
  const path = `/approvals/${encodeURIComponent(id)}`;
  const seen = await api.get(path, approvalDetailSchema);
  if (!seen.ok) return refused(shell, seen);
  const request = seen.value;

  await show(shell, request, options);
  const given = await agreed(request, decision, options, prompt);
  if (!given.ok) {
    shell.err(given.why);
    return shell.setExitCode(given.exitCode);
  }

  const vote = {
    decision,
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    version: request.version,
    arguments_digest: request.arguments_digest,
  };
  const decided = await api.post(`${path}/decision`, vote, approvalSchema);
  if (!decided.ok) return refused(shell, decided);
  if (options.json === true) {
    await print(shell.stdout, one(`${writeExact(decided.value, "  ")}\n`));
    return;
  }
  const done = decision === "approve" ? "Approved" : "Rejected";
  const { state, stage, stages } = decided.value;
  const next = state === "pending" ? ` It waits for more: stage ${stage + 1} of ${stages.length}.` : "";
  shell.out(`${done}. ${visible(id)} is ${state}.${next}`);
}

async function show(shell: Shell, request: ApprovalDetailBody, { json }: DecideOptions): Promise<void> {
  const words = { paint: painter(shell.colours), now: Date.now(), command: shell.command };
  const view = approvalText(request, words, SCREEN);
  // With --json standard output is for programs.
  if (json === true) shell.err(view);
  else await print(shell.stdout, one(`${view}\n`));
}

/** Whether the vote may be sent: it can be given, has its reason, and is meant. */
async function agreed(
  request: ApprovalDetailBody,
  decision: GivenVote["decision"],
  { reason, yes }: DecideOptions,
  prompt: Prompt | undefined,
): Promise<{ readonly ok: true } | { readonly ok: false; readonly why: string; readonly exitCode: 1 | 2 }> {
  const no = (why: string, exitCode: 1 | 2) => ({ ok: false, why, exitCode }) as const;
  const obstacle = obstacleTo(request);
  if (obstacle !== undefined) return no(obstacle, 1);
  const { reason_required: required } = request;
  const needsReason = required === "always" || (required === "on_reject" && decision === "reject");
  if (needsReason && reason === undefined) return no(`To ${decision} this a reason is needed: add --reason "…".`, 2);
  if (yes === true) return { ok: true };
  if (prompt === undefined) return no("There is no terminal to ask at: add --yes if this is meant.", 2);
  const question = decision === "approve" ? "Approve this call?" : "Reject this call for good?";
  const answer = (await prompt(`${question} (yes/no) `))?.trim();
  return answer !== undefined && /^y(es)?$/i.test(answer) ? { ok: true } : no("Nothing was decided.", 1);
}

function obstacleTo(request: ApprovalDetailBody): string | undefined {
  if (request.may_decide) return undefined;
  const code = request.may_not_decide_because;
  const known = Object.entries(ERRORS).find(([name]) => name === code);
  return known === undefined ? "You cannot decide this." : `${known[1].message} (${known[0]})`;
}

/** Asks at the terminal of this process; `undefined` where there is none. Ctrl-C and the end of the input are no answer. */
function terminalOf({ stdin, stdout }: Shell): Prompt | undefined {
  if (!isTerminal(stdout) || !("isTTY" in stdin) || stdin.isTTY !== true) return undefined;
  return async (question) => {
    const lines = createInterface({ input: stdin, output: stdout });
    const ended = new AbortController();
    lines.once("close", () => ended.abort());
    lines.once("SIGINT", () => lines.close());
    try {
      return await lines.question(question, { signal: ended.signal });
    } catch (err) {
      if (!(err instanceof Error) || err.name !== "AbortError") throw err;
      return undefined;
    } finally {
      lines.close();
    }
  };
}

function refused(shell: Shell, refusal: ApiRefusal): void {
  shell.err(refusal.message);
  const current = refusal.problem?.current;
  if (current !== undefined)
    shell.err(`It is ${current.state} now, at version ${current.version}. Run this again to see it.`);
  shell.setExitCode(1);
}
