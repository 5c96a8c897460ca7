/**
 * Where a sign-in may lead back to: a path of the console, with its query. Everything else becomes `/console`, so that a
 * link to the sign-in leads nobody to another site. @throws never
 */
export function ownPath(to: string | undefined): string {
  // A base that is nobody's: whatever names a host of its own shows.
  const url = to !== undefined && URL.canParse(to, BASE) ? new URL(to, BASE) : undefined;
  if (url === undefined || url.origin !== BASE || !/^\/console(?:\/|$)/.test(url.pathname)) return HOME;
  return url.pathname.startsWith("/console/sign-") ? HOME : `${url.pathname}${url.search}`;
}

const BASE = "http://console.invalid";
const HOME = "/console";
