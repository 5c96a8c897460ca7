import type { Person } from "../core/approval.ts";
import { harmless } from "./harmless.ts";

/** What people are called on pages: name, else address, else subject. Theirs to choose, so that it is made harmless. */
export function nameOf({ name, email, subject }: Pick<Person, "name" | "email" | "subject">): string {
  return harmless(name ?? email ?? subject, MAX_NAME).text;
}

const MAX_NAME = 80;
