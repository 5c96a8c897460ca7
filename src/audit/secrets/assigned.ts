import type { Span } from "../../redaction/detect/span.ts";
import { besideName } from "./beside-names.ts";
import { matchEnd } from "./shell-words.ts";
import { withoutInserted } from "./text-tables.ts";
import { type Reader, read, readLine, readOption, readWord, secretSpanAt, upTo, withoutSpans } from "./values.ts";

/*
 * Secrets that a text says a name of. Each name that stands in it is looked behind: by a sign of assignment, in quotes, in markup,
 * SQL, commands, code or a table. Every quantifier is bounded, so that each name is looked at a bounded number of times.
 */

/** The names of secrets that are looked for in texts: fewer than those of members, because what stands in a text may be anything. */
const NAMES =
  "passw(?:or)?[dt]s?|requirepass|stringdata|pass[-_ ]?phrases?|passcode|pwd|secrets?|token|(?:api|account|master|ssh|deploy|signing|encryption)[-_ ]?keys?|" +
  "access[-_ ]?key|private[-_ ]?key|pre-shared-key|credentials?|authorization|cookie|seed ?phrase|mnemonic|" +
  "kennwort|contrase[ñn]a|senha|mot de passe|wachtwoord|lösenord|salasana|hasło|парол[ья]|密码|パスワード|비밀번호|mật khẩu|" +
  // Short ones that are also other words: only what stands behind them tells.
  "(?<=[a-z0-9]_)pass(?![a-z])|(?<![a-z])(?:pass|auth)(?=[\"']?\\s{0,2}[:=]\\s{0,4}(?=\\S{0,60}\\d)(?=\\S{0,60}[a-z])\\S)|" +
  "(?<![a-z])(?:pin|psk|otp|pw|pswd|creds|cvv2?|cvc2?|jwt)(?![a-z])";

/** Nearly all that is looked for by a name can stand only where this fits, which most texts have not. Without looking around: that is dear. */
export const HINT =
  /pass|pwd|stringdata|secret|token|key|cred|auth|cookie|seed|mnemonic|kennw|contras|senha|wachtw|lösen|salas|hasło|pin|psk|otp|pw|pswd|jwt|cv[vc]|парол|密码|パスワード|비밀|mật/i;

const NAME = new RegExp(NAMES, "gi");
/** Words that secrets do not have and sentences do; several words without any may be a phrase. */
const PHRASE =
  /(?!(?:[^\n]{0,200}\s)?(?:the|a|an|is|are|was|be|to|not|no|and|or|of|in|on|for|with|it|its|has|have|cannot|can|must|should|will|does|i|you|he|she|we|they|my|your|his|her|our|please|when|if|then|but|by|at|as|from|this|that|after|before|via|per|all)\b)[a-z0-9'-]{1,40}(?: [a-z0-9'-]{1,40}){2,24}(?=[ \t]{0,20}(?:\n|$))/iy;
/** The same of two, of which the first is no word, and in the settings of a connection. */
const PAIR =
  /(?<=\s)(?=[a-z'-]{0,40} ?[a-z'-]{0,40}\d)[a-z0-9'-]{1,40} [a-z0-9'-]{1,40}(?=[ \t]{0,20}(?:\n|$|[,;.]\s))/iy;
const SETTING = /[^;"'\n=]{1,80}(?=;\s?[a-z][\w ]{0,30}=)/iy;

const readAssigned: Reader = (text, from) => {
  const value = secretSpanAt(text, from);
  if (value === undefined) return undefined;
  const { start, end } = value;
  if (/["'\x60]/.test(text.charAt(start - 1))) return value;
  return { start, end: Math.max(end, ...[PHRASE, PAIR, SETTING].map((form) => matchEnd(form, text, start) ?? end)) };
};

const SUFFIX =
  "(?:[_-]?(?:\\d{1,3}|new|old|confirm(?:ation)?|repeat|again|hash|value|string|env|ci|prod(?:uction)?|dev|test|stag(?:e|ing)|field|input|box)){0,2}";
// Also in Markdown, and with a remark in parentheses.
const ENDS = String.raw`\\{0,8}["'\x60\])*]{0,3}(?:\s?[([][^()[\]\n=:]{1,30}[)\]])?\s{0,8}`;
const SIGN = `(?::=|=>|={1,3}|!=|<>|::?|[：＝]|->|→|(?:\\|\\||\\?{1,2}|\\+)=|%3d|&#61;|\\\\u003d)`;
// What is said of a secret, and is none.
const SAID =
  "(?!(?:not|wrong|expired|invalid|incorrect|correct|missing|required|optional|weak|strong|lost|unknown|empty|too|the|an?|being|been|in|on|at|only|" +
  "set|stored|sent|used|needed|never|always|now|still|already|also|kept|hidden|safe|reset|changed|rotated|valid|ok|okay|fine|public|read|written|" +
  "revoked|deleted|leaked|removed|created|compromised|shared|rejected|accepted|blocked|disabled|enabled|generated|issued|found|gone|broken|" +
  "unset|null|none|it|that|this|there|then|what|where|more|less|easy|hard|out|no|to|for|by|old|new|different|same|limited|as|per)(?=[-/]|[.,;:!?)\\]'\"’]{0,3}(?:\\s|$)))";
// Letters and digits: no word of a sentence, no key of an issue, no version.
const LIKE_A_SECRET =
  "(?![A-Z]{2,10}-\\d+\\b|v?\\d+\\.)(?=\\S{0,60}\\d)(?=\\S{0,60}[A-Za-z])(?=(?:[^\\s:/]|:(?=\\S{0,60}[@!#$%^&*])|(?<=[@!#$%^&*]\\S{0,60}):){6,60}(?:\\s|$))";
const LAST_WORD = "(?=\\S{1,200}\\s{0,8}(?:\\n|$|[,;]\\s))";
const ATTRIBUTES = String.raw`(?:\s[^<>]{0,100})?`;
const NAMING = "key|name|param-name|th|td|dt|label|field|id";
const CHAIN = String.raw`(?:\s{0,20}\.\s{0,2}\w{1,30}(?:\([^()\n]{0,60}\))?){0,3}\s{0,20}\.\s{0,2}\w{1,30}\s{0,4}(?:\(|=(?!=))\s{0,4}`;
const LITERAL = "(?=[\"'`])";

/** What may stand behind a name, and what reads the secret there; the first that finds one counts. */
const FOLLOWERS: readonly (readonly [RegExp, Reader])[] = [
  // Of a phrase all words are the secret, and of a header all that it says.
  [
    "(?<=(?:phrase|phrases|mnemonic|authorization|cookie|credentials|creds))" +
      `${ENDS}(?:${SIGN}|\\sis\\s)[^\\S\\n]{0,8}(?=[^\\s"'\`[{(|>])`,
    readLine,
  ],
  // Code that says a type before the value, or the value where there is none.
  [`["']?(?:\\s{0,4}:\\s{0,4}[A-Za-z][\\w.<>|?]{0,30}|\\s{1,4}(?:string|str|char))\\s{0,4}=\\s{0,4}${LITERAL}`, read],
  [`["'\\])]{0,3}\\s{0,8}(?:\\|\\||\\?\\?|\\bor\\b|\\b(?:eq|ne|equ|equals)\\b)\\s{0,8}${LITERAL}`, read],
  [`${SUFFIX}${ENDS}${SIGN}(?:\\*{1,2}|</?\\w{1,10}>|\\s){0,40}`, readAssigned],
  [`\\s(?:is|ist|est|es):?\\s{1,8}${SAID}`, readAssigned],
  [
    `\\s{1,4}(?:[-–—]\\s|(?:to|be|was|will\\sbe|as|with)\\s)?(?=["'\\x60]${LIKE_A_SECRET}|(?!["'\\x60])${LIKE_A_SECRET})`,
    readWord,
  ],
  ["(?<=requirepass)\\s{1,8}", readOption],
  [`\\s(?:for|of)\\s[^:=\\n.;]{1,40}?(?:\\s?[:=]\\s{1,4}|\\sis\\s${SAID})(?:${LAST_WORD}|(?=["']))`, read],
  // SQL: `SET PASSWORD FOR 'a'@'h' = 'x'`.
  ["\\s{1,4}for\\s{1,4}[^\\s=]{1,100}\\s{0,4}=\\s{0,4}", read],
  // A PIN needs no sign.
  ["(?<=\\bpin)\\s{1,3}(?:(?:code|number)\\s)?(?=\\d{4,8}\\b)", read],
  // On a command line, `--password x`.
  ["(?<=(?:^|[\\s\"'(=,])--?[\\w-]{0,60})\\s{1,8}", readOption],
  // SQL and configuration: `PASSWORD 'x'`, `PASSWORD('x')`, `LIKE 'x'`, `IN ('x')`.
  ["(?:\\s{1,8}|\\s{0,8}\\(\\s{0,8})(?=[EN]?[\"'])", read],
  [
    '["`\\]]?\\s{1,8}(?:not\\s{1,8})?(?:(?:i?like|rlike|regexp|similar\\s{1,4}to)\\s{0,8}(?=[EN]?[\'"(])|in\\s{0,8}(?=\\(\\s{0,8}[\'"]))',
    read,
  ],
  [
    "(?<=\\b(?:enable|username\\s\\S{1,40}(?:\\sprivilege\\s\\d{1,2})?)\\s{1,4}(?:secret|password))\\s{1,4}(?:\\d\\s{1,4})?",
    readOption,
  ],
  ['\\w{0,20}"\\s{0,4}\\{[^{}]{0,200}?\\b(?:default|value)\\s{0,8}=\\s{0,8}(?=["\'])', read],
  // Code: a literal or a variable that names a secret, and what is called or assigned with the next one.
  [`[\\w-]{0,30}["'\\x60\\])}\\s]{0,12}${CHAIN}${LITERAL}`, read],
  [
    `(?<=\\w[( ]\\s{0,8}["'\\x60][^(),\\n]{0,100})[\\w-]{0,30}["'\\x60\\]]{1,5}\\s{0,4},\\s{0,8}(?:with:\\s{0,4})?${LITERAL}`,
    read,
  ],
  [`[\\w-]{0,30}["'\\x60]\\s{1,8}${LITERAL}`, read],
  // The last two cells of a line, and a line of two values; not the heading of a table.
  ["(?: {4,8}|\\t{1,3})(?=[^\\s]{1,200}[ \\t]{0,8}(?:\\n|$))", readOption],
  [
    `["'\\x60*]{0,3}\\s{0,20}\\|\\s{0,20}(?![^\\n]{0,200}\\n[\\s|:-]{3})(?=[^|\\n]{1,200}\\|?[ \\t]{0,8}(?:\\n|$))`,
    upTo(/[^|\n]*[^|\s]/y),
  ],
  ["(?<=(?:^|\\n)[\"']?[\\w.-]{0,40})[\"']?[,;](?=[^\\s,;]{1,200}[ \\t]{0,8}(?:\\n|$))", read],
  // An element, and one behind the element that names it, as in a property list.
  ["(?<=<[\\w:.-]{0,60})[\\w.-]{0,20}(?:\\s[^<>]{0,400})?>\\s{0,20}", readElement],
  [
    `(?<=<(?:${NAMING})${ATTRIBUTES}>[^<>]{0,90})[^<>]{0,40}</[\\w:.-]{1,40}>\\s{0,40}<[\\w:.-]{1,40}${ATTRIBUTES}>`,
    upTo(/[^<]+/y),
  ],
  [`["'][^<>]{0,200}>\\s{0,20}<(?:value|string|text)${ATTRIBUTES}>\\s{0,20}`, upTo(/[^<]+/y)],
  ["[^<>]{0,40}</label>\\s{0,20}<input[^<>]{0,200}?\\svalue=[\"']?", upTo(/[^"'<>]+/y)],
  // A part of a form: its headers, an empty line, and all up to the next boundary.
  [
    '(?<=name="?[^"\\r\\n]{0,90})[^\\r\\n]{0,160}(?:\\r?\\n[^\\r\\n]{1,200}){0,4}\\r?\\n\\r?\\n',
    upTo(/(?:(?!\r?\n--)[\s\S])+/y),
  ],
  // `name: DB_PASSWORD`, and on the next line `value: x`; the same in JSON.
  [
    String.raw`[\w.-]{0,30}\\{0,8}["']?\s{0,4}[,;]?\s{0,40}\\{0,8}["']?(?:\w{0,20}value|val|content|data|text)` +
      String.raw`\\{0,8}["']?\s{0,4}[:=]\s{0,9}\\{0,8}["']?`,
    upTo(/(?<=["'])[^"'\\]+|[^\s"'\\,}]+/y),
  ],
].map(([form, reader]) => [new RegExp(form as string, "iy"), reader as Reader] as const);

/** `SELECT 'x' AS password`. */
const NAMED_AFTER = new RegExp(`'[^'\\n]{1,200}'(?=\\s{1,8}as\\s{1,8}["\`[]?\\w{0,30}(?:${NAMES}))`, "gi");

const TAG = /<[\w:.-]{1,40}\s[^<>]{1,600}(?:>[^<]{0,600}|$)/g;
const NAMED_TAG = new RegExp(`\\s(?:name|key|id|type|field)\\s{0,4}=\\s{0,4}["'][^"']{0,80}?(?:${NAMES})`, "i");
const VALUE_ATTRIBUTE = /(\s(?:[\w-]{0,20}value|content|data|default)\s{0,4}=\s{0,4}(["']))(?:(?!\2)[\s\S])*/gi;
// An id and a type are also those of what only speaks of a secret.
const NAMED_ELEMENT = new RegExp(
  `\\s(?:name|key)\\s{0,4}=\\s{0,4}["'][^"']{0,80}?(?:${NAMES})[^<>]{0,400}[^/]>\\s{0,40}(?=[^\\s<])`,
  "i",
);

/** `text` with `mark` for what it says is a secret. @throws never */
export function withoutAssigned(text: string, mark: string): string {
  let scrubbed = text;
  if (HINT.test(scrubbed)) {
    scrubbed = withoutNamed(withoutInserted(scrubbed, mark), mark);
    if (scrubbed.includes("<"))
      scrubbed = scrubbed.replace(TAG, (tag) => (NAMED_TAG.test(tag) ? withoutValue(tag, mark) : tag));
    if (scrubbed.includes("'")) scrubbed = scrubbed.replace(NAMED_AFTER, `'${mark}'`);
  }
  return scrubbed;
}

function withoutNamed(text: string, mark: string): string {
  const found: Span[] = [];
  NAME.lastIndex = 0;
  for (let match = NAME.exec(text); match !== null; match = NAME.exec(text)) {
    found.push(...besideName(text, match.index, NAME.lastIndex));
    const span = secretBehind(text, NAME.lastIndex);
    if (span === undefined) continue;
    found.push(span);
    NAME.lastIndex = Math.max(span.end, NAME.lastIndex);
  }
  return withoutSpans(text, found, mark);
}

function secretBehind(text: string, from: number): Span | undefined {
  for (const [form, reader] of FOLLOWERS) {
    const start = matchEnd(form, text, from);
    const span = start === undefined ? undefined : reader(text, start);
    if (span !== undefined) return span;
  }
  return undefined;
}

// The text of an element, or all that stands in it.
function readElement(text: string, from: number): Span | undefined {
  const data = "<![CDATA[";
  if (text.startsWith(data, from)) {
    const end = text.indexOf("]]>", from);
    return { start: from + data.length, end: end < 0 ? text.length : end };
  }
  if (text.charAt(from) !== "<") return upTo(/[^<]+/y)(text, from);
  const name = /<([\w:.-]{1,80})(?:\s[^<>]{0,400})?>\s{0,20}$/.exec(text.slice(Math.max(0, from - 520), from))?.[1];
  if (name === undefined || text.charAt(from + 1) === "/") return undefined;
  const end = text.indexOf(`</${name}`, from);
  return { start: from, end: end < 0 ? text.length : end };
}

// `<input name="password" value="x">`, `<variable name="password">x`.
function withoutValue(tag: string, mark: string): string {
  const shown = tag.replace(VALUE_ATTRIBUTE, (_whole, before: string) => `${before}${mark}`);
  const content = NAMED_ELEMENT.exec(shown);
  return content === null ? shown : `${shown.slice(0, content.index + content[0].length)}${mark}`;
}
