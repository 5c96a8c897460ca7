import type { Context } from "hono";
import { setCookie } from "hono/cookie";
import type { ConsoleEnv } from "../console-env.ts";
import type { SessionCookie } from "./sessions.ts";

/**
 * `Lax`: a link from elsewhere, out of a message about an approval say, finds the session; a foreign form does not. It is
 * also what lets the way back from the identity provider in. RFC 6265bis §5.2
 */
export function setSessionCookie(
  c: Context<ConsoleEnv>,
  { name, value, maxAgeMs }: SessionCookie,
  secure: boolean,
): void {
  const maxAge = Math.floor(maxAgeMs / 1000);
  setCookie(c, name, value, { path: "/", httpOnly: true, sameSite: "Lax", secure, maxAge });
}
