import type { Detector } from "../redaction.ts";
import { findCards, findIbans, ibanOf } from "./bank-numbers.ts";
import { findEmails, findPhones, findSsns, phoneOf } from "./contacts.ts";
import { findCloudKeys, findJwts, findPrivateKeys } from "./credentials.ts";
import type { Span } from "./span.ts";

interface Form {
  /** Where the form occurs. Linear. @throws never */
  readonly find: (text: string) => readonly Span[];
  /** The shortest text that can hold one. */
  readonly minimum: number;
  /** What of a match is hashed: however it was written, one value has one hash. */
  readonly normal: (match: string) => string;
  /** A text that is one of these only because of the key that it stands under. */
  readonly named?: { readonly key: RegExp; readonly value: RegExp };
}

const asIs = (match: string): string => match;
const digitsOf = (match: string): string => match.replace(/\D/g, "");

/** Every detector. */
export const FORMS: Readonly<Record<Detector, Form>> = {
  credit_card: { find: findCards, minimum: 13, normal: digitsOf },
  email: { find: findEmails, minimum: 6, normal: (match) => match.toLowerCase() },
  phone: {
    find: findPhones,
    minimum: 8,
    normal: phoneOf,
    named: { key: /phone|mobile|^tel$|^fax$|^cell$/i, value: /^\s{0,9}\+?(?:[ \-./()]{0,3}\d){7,15}\s{0,9}$/ },
  },
  iban: { find: findIbans, minimum: 15, normal: ibanOf },
  us_ssn: {
    find: findSsns,
    minimum: 9,
    normal: digitsOf,
    named: { key: /ssn|social.?security/i, value: /^\s{0,9}(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}\s{0,9}$/ },
  },
  jwt: { find: findJwts, minimum: 12, normal: asIs },
  private_key: { find: findPrivateKeys, minimum: 15, normal: asIs },
  cloud_key: {
    find: findCloudKeys,
    minimum: 16,
    normal: asIs,
    named: { key: /secret.?(?:access)?.?key/i, value: /^[A-Za-z0-9/+]{40}$/ },
  },
};
