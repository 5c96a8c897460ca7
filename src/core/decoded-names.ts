/** How often one encoding may stand around another: `%2540` is an `@` twice encoded. */
const MAX_LAYERS = 3;
const PERCENT = /%[0-9a-f]{2}/i;
const HEX = /^(?:[0-9a-f]{2}){5,}$/i;
/** RFC 4648 §4 and §5. */
const BASE64 = /^[a-z0-9+/_-]{7,}={0,2}$/i;
/** Of what is no text, only some of it decodes to characters that are written. */
const WRITTEN = /^[^\p{Cc}\p{Cn}\uFFFD]+$/u;

/**
 * What a name reads like decoded: percent-encoded (RFC 3986 §2.1), in base64, base64url or hexadecimal. Of the latter, which
 * other names look like, only what holds an address. Case counts, so that it wants the name as it was written. @throws never
 */
export function decodedNames(name: string): readonly string[] {
  const found: string[] = [];
  let layer = name;
  for (let left = MAX_LAYERS; left > 0 && PERCENT.test(layer); left--) {
    layer = Buffer.from(
      layer.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => byteOf(hex)),
      "latin1",
    ).toString();
    found.push(layer);
  }
  const bytes = [
    ...(HEX.test(layer) ? [Buffer.from(layer, "hex")] : []),
    ...(BASE64.test(layer) ? [Buffer.from(layer, "base64")] : []),
  ];
  const texts = bytes.map((some) => some.toString());
  return [...found, ...texts.filter((text) => text.includes("@") && WRITTEN.test(text))];
}

function byteOf(hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}
