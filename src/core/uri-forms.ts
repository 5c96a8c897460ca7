import { fold } from "./fold.ts";

/*
 * A URI can be written in many ways, and a policy about `file:///hr/*` must not be got around by one of them. What a server
 * lists is known by its text. Of everything else a URI has to be in the one form that has nothing to undo, and what is left
 * to read in two ways is compared as either: see `spellingsOf`.
 */

/** Decoding once more undoes nothing: nobody needs more, and who writes more means to confuse. */
const MAX_DECODINGS = 3;

/** Schemes that everybody reads alike, whose authority is a host. WHATWG URL, "special scheme" */
const SPECIAL: ReadonlySet<string> = new Set(["file", "ftp", "http", "https", "ws", "wss"]);

/**
 * Whether a URI reads the same to everybody: no segments `.` and `..`, also behind percent signs or backslashes, nothing encoded
 * that need not be (RFC 3986 §2.3), no control characters, blanks or backslashes, and a scheme and a host in the one way to write
 * them. Linear. @throws never
 */
export function isInOneForm(uri: string): boolean {
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Z}\\]/u.test(uri) || /%(?![0-9A-Fa-f]{2})/.test(uri)) return false;
  for (const [, hex = ""] of uri.matchAll(/%([0-9A-Fa-f]{2})/g)) {
    const code = Number.parseInt(hex, 16);
    if (code < 0x80 && /[A-Za-z0-9._~\p{Cc}-]/u.test(String.fromCharCode(code))) return false;
  }
  if (!beginsInOneForm(uri)) return false;
  let text = uri;
  for (let round = 0; round <= MAX_DECODINGS; round++) {
    if (hasDots(text)) return false;
    const decoded = decode(text);
    if (decoded === text) return true;
    text = decoded;
  }
  return false;
}

/** No capitals in the scheme, and for those that everybody knows a host as it is sent, without its default port, and a plain path. */
function beginsInOneForm(uri: string): boolean {
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*(?=:)/.exec(uri)?.[0] ?? "";
  if (scheme !== scheme.toLowerCase()) return false;
  if (!SPECIAL.has(scheme)) return true;
  if (!URL.canParse(uri)) return false;
  const { host } = new URL(uri);
  const origin = `${scheme}://${host}`;
  const rest = uri.slice(origin.length);
  const [path = ""] = rest.split(/[?#]/);
  // Files have no query, and who opens them leaves it out. RFC 8089 §2
  if (scheme === "file" && (!rest.startsWith("/") || uri.includes("?"))) return false;
  return uri.startsWith(origin) && /^(?:[/?#]|$)/.test(rest) && !/\.(?:$|:)/.test(host) && !path.includes("//");
}

/**
 * What a URI, or a glob over URIs, is compared as where two spellings must not pass for two things: decoded to the end, slashes
 * as one, case and form folded (`fold`); and once more without its fragment, which names no resource of its own. Only for
 * comparing.
 */
export function spellingsOf(uri: string): readonly [string, ...string[]] {
  let text = uri;
  for (let round = 0; round < MAX_DECODINGS; round++) text = decode(text);
  const folded = fold(text).replaceAll(/[/\\]+/g, "/");
  const fragment = folded.indexOf("#");
  return fragment < 0 ? [folded] : [folded, folded.slice(0, fragment)];
}

function hasDots(text: string): boolean {
  return text.split(/[/\\?#;]/).some((segment) => segment === "." || segment === "..");
}

function decode(text: string): string {
  return text.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (run) =>
    Buffer.from(run.replaceAll("%", ""), "hex").toString("utf8"),
  );
}
