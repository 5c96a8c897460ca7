import type { StepUpRequirement } from "../../core/decision.ts";
import type { JsonObject } from "../../core/json.ts";
import type { StepUpOutcome } from "../../core/outcome.ts";
import type { SubjectKind } from "../../core/subject.ts";
import type { StepUpLack } from "../../step-up/step-up.ts";
import { acrValues } from "../../step-up/strength.ts";
import { REQUEST_WORDS } from "../requests/words.ts";

/** What a call is about, as its client wrote it. */
export interface Named {
  readonly kind: SubjectKind;
  readonly name: string;
}

/** What a model is told of a call whose user has to sign in first: where, until when, and what to do then. */
export function signInText({ link, message }: StepUpOutcome, { kind, name }: Named): string {
  const { noun, again } = REQUEST_WORDS[kind];
  return [
    `Not executed: the user has to sign in again before this ${noun}.`,
    ...(message === "" ? [] : [message]),
    `Ask the user to open this link in a browser and sign in: ${link.url}`,
    `The link works until: ${timeOf(link.expiresAt)}`,
    `After that, ${again(name)}.`,
  ].join("\n");
}

/** `_meta["portcullis/step_up"]`: the same facts for programs. Times are RFC 3339, ages in seconds. */
export function signInMeta({ link, requirement }: StepUpOutcome): JsonObject {
  const acr = acrValues(requirement.acr);
  const maxAge = secondsOf(requirement.maxAgeMs);
  return {
    id: link.id,
    url: link.url,
    expires_at: timeOf(link.expiresAt),
    ...(acr === undefined ? {} : { acr }),
    ...(maxAge === undefined ? {} : { max_age: maxAge }),
  };
}

/** What a client shows to its user beside the link. */
export function signInQuestion({ message }: StepUpOutcome, { kind, name }: Named): string {
  const text = message === "" ? "" : ` ${message}`;
  return `Sign in again to allow ${REQUEST_WORDS[kind].deed(name)}.${text}`;
}

/** What a model is told where no sign-in at the gateway would help. */
export function noSignInText(
  why: Extract<StepUpLack, "machine" | "not_configured" | "scope"> | "token",
  requirement: StepUpRequirement,
  message: string,
): string {
  const text = message === "" ? "" : ` ${message}`;
  switch (why) {
    case "machine":
      return `Not executed: the call needs a person who signs in again, and there is none behind this caller.${text}`;
    case "not_configured":
      return `Not executed: the call needs a stronger sign-in, which this gateway cannot ask of this caller.${text}`;
    case "scope":
      return `Not executed: the access token lacks a scope that this call needs: ${requirement.scopes.join(" ")}.${text}`;
    case "token":
      return `Not executed: the call needs an access token from a stronger or more recent sign-in.${text}`;
    default:
      return why satisfies never;
  }
}

/** What a model is told when the user does not want to sign in. */
export const DECLINED_TEXT =
  "Not executed: the user declined to sign in again. Do not repeat the call unless the user asks for it.";

/** What is said of an approved call that its requester has to sign in for. */
export const WAITS_FOR_SIGN_IN =
  "It is approved, and its requester has to sign in again before it is run: the next identical request says where.";

function secondsOf(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.floor(ms / 1000);
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}
