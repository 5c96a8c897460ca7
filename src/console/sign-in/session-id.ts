import type { IncomingMessage } from "node:http";

/** What the cookie of a session is called. `__Host-`: no other host, path or clear-text page can set the cookie. RFC 6265bis §4.1.3 */
export function sessionCookieName(secure: boolean): string {
  return secure ? "__Host-portcullis-console" : "portcullis-console";
}

const ID = /^[A-Za-z0-9_-]{43}$/;

/** The id that a request's cookie holds; `undefined`: it has none, or two. */
export function idIn({ headers }: IncomingMessage, name: string): string | undefined {
  const values = (headers.cookie ?? "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  // Two of one name: one of them was planted from a neighbouring host or path, and nobody can tell which.
  const [id, ...others] = values;
  return id !== undefined && others.length === 0 && ID.test(id) ? id : undefined;
}
