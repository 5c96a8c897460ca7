import { isObject } from "../../core/json.ts";
import { type Span, spansOf } from "./span.ts";

/*
 * Credentials by their form. The one list of these forms: the audit looks for them in arguments, policies take them
 * out of results. Linear in the text. `x{20}x*` and never `x{20,}`: V8 keeps a place to go back to for each round of
 * the latter, and runs out of stack on a text of megabytes.
 */

/** How vendors' keys begin; what follows is letters, digits, `_`, `-` and `.`. */
export const VENDOR_PREFIXES = [
  // GitHub, GitLab, Slack.
  "gh[pousr]_|github_pat_|gl(?:pat|dt|rt|ptt|ft|soat|cbt|agent|imt|oas|ffct)-|xox[a-z]-|xapp-",
  // Google: API keys, access tokens, client secrets.
  "AIza|ya29\\.|GOCSPX-",
  // Stripe, and the sk- family: OpenAI, Anthropic, OpenRouter, DeepSeek; others of that trade.
  "[spr]k[-_]|whsec_|gsk_|xai-|pplx-|r8_|hf_",
  // Registries: npm, PyPI, Docker.
  "npm_|pypi-|dckr_pat_",
  // SendGrid, Shopify, DigitalOcean, Square, Databricks, Grafana, Linear, Notion, Supabase, Vault, Atlassian, Tailscale.
  "SG\\.|shp[a-z]{2}_|do[opr]_v1_|sq0[a-z]{3}-|dapi[0-9a-f]|glsa_|lin_api_|ntn_|sbp_|hv[sbr]\\.|ATATT3|tskey-",
].join("|");

/** Ids of AWS keys. */
export const AWS_KEY_IDS = "AKIA|ASIA|ABIA|ACCA|AROA|AIDA";

/** How a private key begins: PEM, OpenSSH, SSH2 and PGP, PuTTY. */
export const KEY_BEGIN = "-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}|PuTTY-User-Key-File-\\d:";

/** How it ends. */
export const KEY_END = "-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}|Private-MAC: ?[0-9a-f]{0,128}";

const KEY_BEGINS = new RegExp(KEY_BEGIN, "g");
const KEY_ENDS = new RegExp(KEY_END, "g");

/** Private keys (PEM, OpenSSH, SSH2, PGP, PuTTY), each to its end line, or to the end of the text without one. */
export function findPrivateKeys(text: string): Span[] {
  const found: Span[] = [];
  KEY_BEGINS.lastIndex = 0;
  for (let begin = KEY_BEGINS.exec(text); begin !== null; begin = KEY_BEGINS.exec(text)) {
    KEY_ENDS.lastIndex = KEY_BEGINS.lastIndex;
    const end = KEY_ENDS.exec(text) === null ? text.length : KEY_ENDS.lastIndex;
    found.push({ start: begin.index, end });
    KEY_BEGINS.lastIndex = end;
  }
  return found;
}

// The base64url of a text that begins with `{` begins with e and one of these.
const JWT_HEADER = /(?<![\w-])e[w-z0-9_-][\w-]{6}[\w-]*(?=\.[\w-])/g;
const JWT_REST = /(?:\.[\w-]*){1,4}/y;

/** Compact JWS and JWE (RFC 7515, 7516): parts of base64url, the first a JSON object with `alg`; also without the last. */
export function findJwts(text: string): Span[] {
  const found: Span[] = [];
  for (const { start, end } of spansOf(JWT_HEADER, text)) {
    if (start < (found.at(-1)?.end ?? 0) || !isJoseHeader(text.slice(start, end))) continue;
    JWT_REST.lastIndex = end;
    if (JWT_REST.test(text)) found.push({ start, end: JWT_REST.lastIndex });
  }
  return found;
}

function isJoseHeader(part: string): boolean {
  const text = Buffer.from(part, "base64url").toString("utf8");
  // A parse that fails is dear, and a text can be made of nothing else.
  if (!text.includes('"alg"')) return false;
  try {
    const header: unknown = JSON.parse(text);
    return isObject(header) && typeof header["alg"] === "string";
  } catch {
    // Not JSON: only looked like one.
    return false;
  }
}

// A digit within reach tells a key from a long name such as pk_customers_by_country.
const VENDOR_KEY = new RegExp(
  `(?<![A-Za-z0-9])(?:${VENDOR_PREFIXES})(?=[\\w.-]{0,80}\\d)[\\w.-]{13}[\\w.-]*(?<=\\w)`,
  "g",
);
const OTHER_KEYS = [
  new RegExp(`(?<![A-Za-z0-9])(?:${AWS_KEY_IDS})[A-Z0-9]{16}(?![A-Za-z0-9])`, "g"),
  /AGE-SECRET-KEY-[0-9A-Z]{40}[0-9A-Z]*/g,
  // Azure: client secrets, and what stands in connection strings and signed URLs.
  /(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}(?![\w~.-])/g,
  /(?<=(?:AccountKey|SharedAccessKey)=)[A-Za-z0-9+/]{40}[A-Za-z0-9+/]*={0,2}/g,
  /(?<=[?&]sig=)[A-Za-z0-9%+/_-]{40}[A-Za-z0-9%+/_-]*={0,2}/g,
  /(?<=hooks\.slack\.com\/services\/)[A-Za-z0-9/]{20}[A-Za-z0-9/]*/g,
  // AWS secret keys have no form of their own, only a name before them.
  /(?<=secret[ _-]?(?:access)?[ _-]?key["']?\s{0,3}[:=]\s{0,3}["']?)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/gi,
];

/** Keys of clouds and vendors. */
export function findCloudKeys(text: string): Span[] {
  return [VENDOR_KEY, ...OTHER_KEYS].flatMap((pattern) => spansOf(pattern, text));
}
