import type { Attempts, AttemptVerdict } from "../../http/attempts.ts";
import type { SignInFailure } from "./sign-in-flow.ts";

/** What whoever makes up answers of the provider gets to hear; everything else befalls honest people, too. */
const GUESSED: ReadonlySet<SignInFailure> = new Set(["foreign_state", "mixed_up_issuer", "provider_refused"]);

/** An answer of the provider at `/oauth/callback`, counted as what is tried there: its state stands for all its codes. */
export function beginCallback(attempts: Attempts, ip: string, answer: URLSearchParams): AttemptVerdict {
  return attempts.begin({ ip, credential: answer.get("state") ?? "", at: "/oauth/callback" });
}

/** Whether an answer that failed so counts as refused. */
export function isGuess(reason: SignInFailure): boolean {
  return GUESSED.has(reason);
}
