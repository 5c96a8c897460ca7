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

/** `text`, or, where `scrub` finds something in it once it is read as it is meant, that with what `scrub` leaves. @throws never */
export function withoutEscapes(text: string, scrub: (text: string) => string): string {
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
