import type { Person } from "../core/approval.ts";
import { knownAs } from "../core/known-as.ts";
import { harmless } from "./harmless.ts";

/** By what somebody is named on pages. An issuer's choice in part, so that it is made harmless. */
export function personName(person: Pick<Person, "issuer" | "subject" | "email">): string {
  return harmless(knownAs(person), MAX_NAME).text;
}

/** An issuer that is a long URL, and a subject. */
const MAX_NAME = 160;
