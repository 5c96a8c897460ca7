/** The Unicode characters of a text; halves of one that stand alone count as one each. */
export function characterCount(text: string): number {
  if (!/[\ud800-\udbff]/.test(text)) return text.length;
  let count = 0;
  for (let index = 0; index < text.length; index++) {
    if (isHigh(text.charCodeAt(index)) && isLow(text.charCodeAt(index + 1))) index++;
    count++;
  }
  return count;
}

function isHigh(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

// NaN, past the end, is none.
function isLow(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
