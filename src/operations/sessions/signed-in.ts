import type { Refusal } from "../../core/errors.ts";
import type { Operator } from "../operator.ts";

/** A browser that is signed in to the console. */
export interface SignedInView {
  /** Safe to show: a hash of the cookie's value, which itself is a secret. */
  readonly id: string;
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | undefined;
  /** ms since the epoch. */
  readonly createdAt: number;
  readonly lastSeenAt: number;
  /** When it ends however much it is used. */
  readonly expiresAt: number;
}

export interface SignedInPage {
  /** The one seen last first. */
  readonly items: readonly SignedInView[];
  readonly nextCursor: string | undefined;
}

/** Who is signed in to the console, for administrators. Every promise may reject with StoreError. */
export interface SignedInOperations {
  /** At most `limit`, 1 to 100. A cursor that is none of ours begins at the start. */
  list(query: { readonly limit: number; readonly cursor?: string }): Promise<SignedInPage>;
  find(id: string): Promise<SignedInView | undefined>;
  /** Signs a browser out, at its next request. CREDENTIAL_INSUFFICIENT, ADMIN_REQUIRED, SESSION_UNKNOWN */
  end(operator: Operator, id: string): Promise<{ readonly ok: true } | Refusal>;
}
