import type { Span } from "../../redaction/detect/span.ts";
import { type Reader, read, readOption, secretSpanAt, upTo, withoutSpans } from "./values.ts";

/*
 * Secrets at a known place of a statement, a call, a configuration or a URL, which needs no name of one.
 */

/** What leads to such a place, and what reads the secret there. */
const FORMS: readonly (readonly [RegExp, Reader])[] = [
  [
    /\bidentified\s{1,8}(?:with\s{1,8}[\w"'\x60]{1,60}\s{1,8})?by\s{1,8}(?:(?:password|values)\s{1,8})?(?=[EN]?["']|\$)/gi,
    read,
  ],
  [/\b(?:user|role)\s{1,8}\S{1,80}\s{1,8}identified\s{1,8}by\s{1,8}/gi, upTo(/[^\s"';?$:@](?:[^\s;]|;(?=\S))*/y)],
  [/\bidentified\s{1,8}by\s[^\n;]{1,200}?\sreplace\s{1,8}/gi, readOption],
  [/\blogin\s{1,8}\S{1,80}\s{1,8}password\s{1,8}/gi, readOption],
  // A literal may hold what ends a statement.
  [/\bsp_(?:addlogin|password|addlinkedsrvlogin)\b/gi, upTo(/(?:'[^']*(?:'|$)|[^;\n'])+/y)],
  [/\bsnmp-server\s{1,4}community\s{1,4}/gi, upTo(/\S+/y)],
  // What a call that signs in is given second.
  [
    /\b\w{0,30}(?:auth|login|credentials?|password)\s{0,2}(?:=\s{0,2})?\(\s{0,4}(?:\w{1,20}\s{0,2}[,=]\s{0,2})?(["'])[^"'\n]{0,80}\1\s{0,4},\s{0,4}(?=["'])/gi,
    read,
  ],
  [/\bcrypt\s{0,2}\(\s{0,4}(?=')/gi, readCrypted],
  [/\bpgp_sym_(?:en|de)crypt\s{0,2}\([^()]{1,200},\s{0,4}(?=')/gi, read],
  [/\bconvertto-securestring\s{1,4}(?:-string\s{1,4})?(?=["'])/gi, read],
  // A line of `.pgpass`.
  [/^[\w.*-]{1,80}:(?:\d{1,5}|\*):[^:\s]{1,60}:[^:\s]{1,60}:(?=\S+$)/gim, upTo(/\S+/y)],
  [/\bjdbc:oracle:thin:[^\s/@]{1,80}\//gi, upTo(/[^\s@]+(?=@)/y)],
];
const HINT = /identified|login|auth|credential|crypt|securestring|password|sp_|snmp|oracle|:(?:\d{2,5}|\*):/i;

/** URLs that are credentials: whoever has the signature, the code or the path may. A code of a currency is shorter. */
const URL_FORMS: readonly (readonly [RegExp, Reader])[] = [
  [/[?&#](?:(?:x-(?:amz|goog)-)?signature|sig|hmac|code|oobcode|auth|ticket|pass|pw|psk)=/gi, upTo(/[^&\s#"'<>]{6,}/y)],
  [
    /(?:hooks\.slack\.com\/(?:services|workflows|triggers)|discord(?:app)?\.com\/api\/webhooks|webhook\.office\.com\/webhookb2|api\.telegram\.org\/bot)\/?/gi,
    upTo(/[^\s"'<>?]+/y),
  ],
];

/** `text` with `mark` for what stands at such a place. Linear. @throws never */
export function withoutPlaced(text: string, mark: string): string {
  const found: Span[] = [];
  if (HINT.test(text)) collect(text, FORMS, found);
  if (text.includes("://")) collect(text, URL_FORMS, found);
  return withoutSpans(text, found, mark);
}

function collect(text: string, forms: readonly (readonly [RegExp, Reader])[], found: Span[]): void {
  for (const [form, reader] of forms) {
    form.lastIndex = 0;
    while (form.test(text)) {
      const span = reader(text, form.lastIndex);
      if (span === undefined) continue;
      found.push(span);
      form.lastIndex = Math.max(span.end, form.lastIndex);
    }
  }
}

function readCrypted(text: string, from: number): Span | undefined {
  const span = secretSpanAt(text, from);
  return span !== undefined && /^'?\s{0,4},\s{0,4}gen_salt/.test(text.slice(span.end, span.end + 20))
    ? span
    : undefined;
}
