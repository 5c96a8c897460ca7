import { withoutInserted } from "./text-tables.ts";

/*
 * Secrets that a text says a name of: assigned, quoted behind it, in markup, SQL, YAML, a command, or a URL. Every quantifier in
 * front of what must follow is bounded, so that each place is looked at a bounded number of times.
 */

const NAMES =
  "passw(?:or)?[dt]s?|passphrase|passcode|pwd|secrets?|token|api[-_ ]?keys?|access[-_ ]?key|private[-_ ]?key|authorization|cookie|" +
  "kennwort|contrase[ñn]a|senha|mot de passe|wachtwoord|парол[ья]|密码|パスワード|(?<![a-z])(?:pin|psk|otp|cvv2?|cvc2?)(?![a-z])";
// Signs of assignment, behind a name that may stand in quotes.
const SIGN = String.raw`\\{0,8}["']?\s{0,8}(?::=|=>|={1,2}|:|\sis\s)\s{0,40}`;
const ASSIGNED = `(?:${NAMES})${SIGN}`;
const ELEMENT = String.raw`<[\w:.-]{0,30}(?:${NAMES})[\w.-]{0,20}(?:\s[^<>]{0,400})?>\s{0,20}`;
const ATTRIBUTES = String.raw`(?:\s[^<>]{0,100})?`;
const NAMING = "key|name|param-name|th|td|dt|label|field|id";
const QUOTED = `(["'])`;
const UP_TO_QUOTE = String.raw`(?:(?!\2)[\s\S])*`;

/** What stands before the secret is the first group. In quotes all up to their end goes, also in JSON within JSON. */
const NAMED_FORMS: readonly RegExp[] = [
  // A block of YAML: the lines that are further in than the name.
  new RegExp(
    String.raw`(^([ \t]{0,60})[^\n]{0,60}(?:${NAMES})["']?:[ \t]{0,8}[|>][^\n]{0,40}\n)` +
      String.raw`\2[ \t]+[^\n]*(?:\n(?:\2[ \t]+[^\n]*|[ \t]*(?=\n|$)))*`,
    "gim",
  ),
  new RegExp(`(${ASSIGNED}("""|'''))${UP_TO_QUOTE}`, "gi"),
  new RegExp(`(${ASSIGNED}[[{(])[^\\]})]*`, "gi"),
  new RegExp(`(${ASSIGNED}")(?!"")(?:[^"\\\\]|\\\\.)*`, "gis"),
  new RegExp(`(${ASSIGNED}(\\\\{1,8})")(?:(?!(?<!\\\\)\\2").)*`, "gis"),
  new RegExp(`(${ASSIGNED}')(?!'')(?:[^']|'')*`, "gi"),
  new RegExp(`(${ASSIGNED}\`)[^\`]*`, "gi"),
  new RegExp(
    `(${ASSIGNED}(?:-\\s{1,9})?)(?![|>][^\\S\\n]{0,8}\\n|[|>][-+\\d]{1,2}\\s)[^\\s"'\`&;,\\\\=>][^\\s"'&;,\\\\]*`,
    "gi",
  ),
  // On a command line, `--password x`, `curl -u ann:x`.
  new RegExp(`(--?[\\w-]{0,30}(?:${NAMES})\\s{1,8}["']?)[^\\s"']+`, "gi"),
  /((?<![\w-])(?:-u|--user)\s{1,8}["']?[^\s:"']{1,80}:)[^\s"']+/g,
  // SQL and configuration: `PASSWORD 'x'`, `PASSWORD('x')`; netrc.
  new RegExp(`((?:${NAMES})(?:\\s{1,8}|\\s{0,8}\\(\\s{0,8})${QUOTED})${UP_TO_QUOTE}`, "gi"),
  /(\blogin\s{1,8}\S{1,80}\s{1,8}password\s{1,8})\S+/gi,
  new RegExp(
    `((?:${NAMES})\\w{0,20}"\\s{0,4}\\{[^{}]{0,200}?\\b(?:default|value)\\s{0,8}=\\s{0,8}${QUOTED})${UP_TO_QUOTE}`,
    "gi",
  ),
  // An element, and one behind the element that names it, as in a property list.
  new RegExp(String.raw`(${ELEMENT}<!\[CDATA\[)(?:(?!\]\]>)[\s\S])+`, "gi"),
  new RegExp(String.raw`(${ELEMENT})[^\s<][^<]*`, "gi"),
  new RegExp(
    String.raw`(<(?:${NAMING})${ATTRIBUTES}>[^<>]{0,60}(?:${NAMES})[^<>]{0,40}</[\w:.-]{1,40}>\s{0,40}<[\w:.-]{1,40}${ATTRIBUTES}>)[^<]+`,
    "gi",
  ),
  // A part of a form: its headers, an empty line, and all up to the next boundary.
  new RegExp(
    String.raw`(name="?[^"\r\n]{0,60}(?:${NAMES})[^\r\n]{0,160}(?:\r?\n[^\r\n]{1,200}){0,4}\r?\n\r?\n)(?:(?!\r?\n--)[\s\S])+`,
    "gi",
  ),
  // `name: DB_PASSWORD`, and on the next line `value: x`; the same in JSON.
  new RegExp(
    String.raw`((?:${NAMES})[\w.-]{0,30}\\{0,8}["']?\s{0,4}[,;]?\s{0,40}\\{0,8}["']?(?:\w{0,20}value|val|content|data|text)` +
      String.raw`\\{0,8}["']?\s{0,4}[:=]\s{0,9}\\{0,8}["']?)(?:(?<=["'])[^"'\\]+|[^\s"'\\,}]+)`,
    "gi",
  ),
];
/** Some of all forms but those of URLs can fit only where this does, which most texts have not. Without looking around: that is dear. */
const HINT =
  /pass|pwd|secret|token|api[-_ ]?key|access[-_ ]?key|private[-_ ]?key|authoriz|cookie|kennw|contras|senha|wachtw|pin|psk|otp|cv[vc]|-u|identif|docker|podman|mysql|mariadb|insert|парол|密码|パスワード/i;

/** What needs no such name. */
const OTHER_FORMS: readonly RegExp[] = [
  new RegExp(
    String.raw`(\bidentified\s{1,8}(?:with\s{1,8}[\w"'\x60]{1,60}\s{1,8})?by\s{1,8}(?:password\s{1,8})?${QUOTED})${UP_TO_QUOTE}`,
    "gi",
  ),
  /(\b(?:user|role)\s{1,8}\S{1,80}\s{1,8}identified\s{1,8}by\s{1,8})[^\s"';]+/gi,
  /(\b(?:sshpass|docker\s{1,4}login|podman\s{1,4}login|mysql\w{0,20}|mariadb\w{0,20})\s(?:[^\n|;&]{0,200}?\s)?-p\s?["']?)[^\s"']+/gi,
];

/** URLs that are credentials: whoever has the signature, the code or the path may. A code of a currency is shorter. */
const URL_FORMS: readonly RegExp[] = [
  /([?&#](?:(?:x-(?:amz|goog)-)?signature|sig|hmac|code|oobcode|auth|ticket|pass|pw|psk)=)[^&\s#"'<>]{6,}/gi,
  /((?:hooks\.slack\.com\/(?:services|workflows|triggers)|discord(?:app)?\.com\/api\/webhooks|webhook\.office\.com\/webhookb2|api\.telegram\.org\/bot)\/?)[^\s"'<>?]+/gi,
];

const TAG = /<[\w:.-]{1,40}\s[^<>]{1,600}(?:>[^<]{0,600}|$)/g;
const NAMED_TAG = new RegExp(`\\s(?:name|key|id|type|field)\\s{0,4}=\\s{0,4}["'][^"']{0,80}?(?:${NAMES})`, "i");
const VALUE_ATTRIBUTE = /(\s(?:[\w-]{0,20}value|content|data|default)\s{0,4}=\s{0,4}(["']))(?:(?!\2)[\s\S])*/gi;
// An id and a type are also those of what only speaks of a secret.
const NAMED_ELEMENT = new RegExp(
  `\\s(?:name|key)\\s{0,4}=\\s{0,4}["'][^"']{0,80}?(?:${NAMES})[^<>]{0,400}[^/]>\\s{0,40}(?=[^\\s<])`,
  "i",
);

/** `text` with `mark` for what it says is a secret. Linear. @throws never */
export function withoutAssigned(text: string, mark: string): string {
  const put = (_whole: string, before: string): string => `${before}${mark}`;
  let scrubbed = text;
  if (HINT.test(scrubbed)) {
    scrubbed = withoutInserted(scrubbed, mark);
    for (const form of NAMED_FORMS) scrubbed = scrubbed.replace(form, put);
    for (const form of OTHER_FORMS) scrubbed = scrubbed.replace(form, put);
    scrubbed = scrubbed.replace(TAG, (tag) => (NAMED_TAG.test(tag) ? withoutValue(tag, mark) : tag));
  }
  if (scrubbed.includes("://")) for (const form of URL_FORMS) scrubbed = scrubbed.replace(form, put);
  return scrubbed;
}

// `<input name="password" value="x">`, `<variable name="password">x`.
function withoutValue(tag: string, mark: string): string {
  const shown = tag.replace(VALUE_ATTRIBUTE, (_whole, before: string) => `${before}${mark}`);
  const content = NAMED_ELEMENT.exec(shown);
  return content === null ? shown : `${shown.slice(0, content.index + content[0].length)}${mark}`;
}
