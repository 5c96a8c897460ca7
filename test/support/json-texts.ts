import fc from "fast-check";

/** Numbers that JavaScript writes in another way, or cannot hold. */
export const ODD_NUMBERS = [
  "9007199254740993",
  "-9007199254740993",
  "123456789012345678901234567890",
  "1e21",
  "1E5",
  "1.5e-3",
  "1.0",
  "0.10",
  "-0",
  "0.1000000000000000055",
  "0.0000001",
  "1e400",
] as const;

const digits = (min: number, max: number): fc.Arbitrary<string> =>
  fc.stringMatching(new RegExp(`^[0-9]{${min},${max}}$`));

/** The text of any JSON number. */
export const numberText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...ODD_NUMBERS),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.integer().map(String),
  fc
    .tuple(
      fc.constantFrom("", "-"),
      fc.oneof(fc.constant("0"), fc.stringMatching(/^[1-9][0-9]{0,20}$/)),
      fc.option(digits(1, 20), { nil: undefined }),
      fc.option(fc.tuple(fc.constantFrom("e", "E"), fc.constantFrom("", "+", "-"), digits(1, 4)), { nil: undefined }),
    )
    .map(([sign, whole, fraction, power]) =>
      [sign, whole, fraction === undefined ? "" : `.${fraction}`, ...(power ?? [])].join(""),
    ),
);

const space = fc.stringMatching(/^[ \t\n\r]{0,2}$/);

/** A JSON text in a random layout; its names are plain, and none stands twice in an object. */
export const jsonText: fc.Arbitrary<string> = fc.letrec<{ value: string; object: string; list: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    numberText,
    fc.string().map((text) => JSON.stringify(text)),
    fc.constantFrom("true", "false", "null", '"1.0 and [1e5]"', '"\\" 1.0"'),
    tie("list"),
    tie("object"),
  ),
  list: fc
    .tuple(space, fc.array(fc.tuple(space, tie("value"), space), { maxLength: 4 }))
    .map(([inner, items]) => `[${items.length === 0 ? inner : items.map((parts) => parts.join("")).join(",")}]`),
  object: fc
    .tuple(
      space,
      fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z]{1,6}$/), space, space, tie("value"), space), {
        maxLength: 4,
        selector: ([name]) => name,
      }),
    )
    .map(([inner, members]) => {
      const texts = members.map(([name, a, b, value, c]) => `${a}"${name}"${b}:${a}${value}${c}`);
      return `{${members.length === 0 ? inner : texts.join(",")}}`;
    }),
})).value;

/** The numbers of a JSON text, as they stand in it, in their order. */
export function numbersIn(json: string): readonly string[] {
  const tokens = json.match(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g) ?? [];
  return tokens.filter((token) => !token.startsWith('"'));
}
