/** A character that can be taken for another one. */
export interface Lookalike {
  /** Offset in UTF-16 units. */
  readonly at: number;
  readonly text: string;
}

// Scripts with letters that look like Latin ones.
const OTHERS =
  "\\p{Script=Cyrillic}\\p{Script=Greek}\\p{Script=Armenian}\\p{Script=Cherokee}\\p{Script=Coptic}\\p{Script=Lisu}";
const ANY_OTHER = new RegExp(`[${OTHERS}]`, "u");
const EACH_OTHER = new RegExp(`[${OTHERS}]`, "gu");
const EACH_LATIN = /\p{Script=Latin}/gu;
const WORD = new RegExp(`[\\p{Script=Latin}${OTHERS}\\p{M}]+`, "gu");

/** Letters of these scripts that cannot be told from Latin ones in most faces. */
const TWINS = new Set(
  "аеорсухіјѕһԁԛԝӏАВЕКМНОРСТХІЈЅԌԚԜҮΑΒΕΖΗΙΚΜΝΟΡΤΥΧονАΟօհոսցզԍᎪᎳᏒᎢᏟᎬᎻᎫᏦᏞᎷᏃᎵᏚᏙᏔᏃⲞⲟⲢⲣⲤⲥꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑꓣꓢꓔꓴꓦꓪꓫꓬꓜ",
);

// Letters in other clothes (full width, of mathematics), and signs that pass for those of a URL or a path.
const STYLED = /[\uff01-\uff5e\u{1d400}-\u{1d7ff}\u2024\u2044\u2215\u2236\u29f8\u2571\ua789\u01c3]/gu;

/**
 * Finds letters of one script within a word of another (`pаypal` with a Cyrillic `а`), words that are made of nothing but
 * such letters where the text has no others of their script, and styled letters and signs. In order. @throws never
 */
export function lookalikesIn(text: string): readonly Lookalike[] {
  const found: Lookalike[] = [...text.matchAll(STYLED)].map(toLookalike);
  if (ANY_OTHER.test(text)) {
    const disguised = [...text.matchAll(EACH_OTHER)].every(([letter]) => TWINS.has(letter));
    for (const { index, 0: word } of text.matchAll(WORD)) {
      const latin = [...word.matchAll(EACH_LATIN)];
      const others = [...word.matchAll(EACH_OTHER)];
      const mixed = latin.length > 0 && others.length > 0;
      if (!mixed && !(disguised && others.length > 1)) continue;
      const odd = mixed && latin.length < others.length ? latin : others;
      for (const match of odd) found.push({ ...toLookalike(match), at: index + match.index });
    }
  }
  return found.sort((a, b) => a.at - b.at);
}

function toLookalike({ index, 0: text }: { readonly index: number; readonly 0: string }): Lookalike {
  return { at: index, text };
}
