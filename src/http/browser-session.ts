import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Principal } from "../core/principal.ts";

/** A person who signed in with a browser. */
export interface BrowserSession {
  readonly principal: Principal;
  /** What a request that changes something must carry: a form in `csrf_token`, a script in the header `X-CSRF-Token`. */
  readonly csrfToken: string;
}

/** Whose session the cookie of a request names. */
export interface BrowserSessions {
  /**
   * `undefined`: no cookie, or none that holds. `quietly`: this is no use of the session, and does not keep it alive.
   * @throws StoreError
   */
  find(request: IncomingMessage, quietly?: boolean): Promise<BrowserSession | undefined>;
}

/** Whether a request carries the token of its session. Compared in constant time. */
export function carriesToken(given: string, session: Pick<BrowserSession, "csrfToken">): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(session.csrfToken)];
  return a.length === b.length && timingSafeEqual(a, b);
}
