import { inLatin } from "./latin-names.ts";

/*
 * Texts in which characters are written otherwise: per cent, as entities, as escapes of JSON. A name that is written so says
 * the same to who reads it.
 */

const ESCAPED = /%[2-7][0-9a-f]|&(?:#\d{2,3}|#x[2-7][0-9a-f]|quot|amp|apos);|\\u00[2-7][0-9a-f]/i;
const ESCAPES = /%([2-7][0-9a-f])|&#(\d{2,3});|&#x([2-7][0-9a-f]);|&(quot|amp|apos);|\\u00([2-7][0-9a-f])/gi;
const NAMED: ReadonlyMap<string, string> = new Map([
  ["quot", '"'],
  ["amp", "&"],
  ["apos", "'"],
]);

// Latin letters in another form, beside such of another script, or with what nobody sees between them: no language is written so.
const DISGUISED =
  /[\uff21-\uff3a\uff41-\uff5a\u00ad\u200b-\u200d\u2060\ufeff]|[A-Za-z][\u0370-\u058f]|[\u0370-\u058f][A-Za-z]/;

/** Whether a text is written so; to read it takes as long as to search it. @throws never */
export function isDisguised(text: string): boolean {
  return DISGUISED.test(text);
}

/** `text`, or, where `scrub` finds something in it once it is read as it is meant, that with what `scrub` leaves. @throws never */
export function withoutEscapes(text: string, scrub: (text: string) => string): string {
  if (isDisguised(text)) {
    const latin = text.split("\n").map(inLatin).join("\n");
    const scrubbed = latin === text ? latin : scrub(latin);
    if (scrubbed !== latin) return scrubbed;
  }
  if (!ESCAPED.test(text)) return text;
  const read = text.replace(ESCAPES, (whole, cent, decimal, hex, name, code) => {
    if (name !== undefined) return NAMED.get(name.toLowerCase()) ?? whole;
    const sign = decimal === undefined ? Number.parseInt(cent ?? hex ?? code, 16) : Number(decimal);
    return sign >= 0x20 && sign <= 0x7e ? String.fromCharCode(sign) : whole;
  });
  if (read === text) return text;
  const scrubbed = scrub(read);
  return scrubbed === read ? text : scrubbed;
}
