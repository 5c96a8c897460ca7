import type { AttemptVerdict } from "../http/attempts.ts";
import type { Identified } from "./identity.ts";

/** A credential that was good. */
export interface Remembered {
  readonly identified: Identified;
  /** ms since the epoch, perhaps `Infinity`. */
  readonly until: number;
  /** Whether it is good at the endpoint with this path, too. */
  readonly reaches: (path: string) => boolean;
}

/** What is good at every endpoint. */
export const anywhere = (): boolean => true;

/** What is counted of a credential that is being checked; `undefined`: nothing. */
export type Attempting = Extract<AttemptVerdict, { ok: true }> | undefined;

/** Longer ones are not looked at. */
export const MAX_CREDENTIAL_CHARS = 16 * 1024;

/** How tokens and keys come. RFC 6750 §2.1: b64token */
export const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i;
