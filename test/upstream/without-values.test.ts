import { describe, expect, it } from "vitest";
import { createMask } from "../../src/upstream/link/mask.ts";
import { withWords } from "../../src/upstream/messages/said.ts";
import { createConcealer } from "../../src/upstream/messages/without-values.ts";

const VALUE = 'Hunter2 Päss/9"x';

const base64 = (text: string) => Buffer.from(text).toString("base64");
const percent = (text: string) => encodeURIComponent(text);

const SPELLINGS: Readonly<Record<string, string>> = {
  plain: VALUE,
  "upper case": VALUE.toUpperCase(),
  "per cent signs": percent(VALUE),
  "per cent signs, small": percent(VALUE).toLowerCase(),
  "per cent signs twice": percent(percent(VALUE)),
  "per cent signs of Latin-1": "Hunter2%20P%E4ss%2F9%22x",
  form: new URLSearchParams({ v: VALUE }).toString().slice(2),
  JSON: JSON.stringify(VALUE),
  "JSON in JSON": JSON.stringify(JSON.stringify(VALUE)),
  "escapes of JSON": VALUE.replace("ä", "\\u00e4").replace('"', '\\"'),
  "escapes of Python": "b'Hunter2 P\\xc3\\xa4ss/9\"x'",
  "escapes of JavaScript": VALUE.replace("ä", "\\u{e4}"),
  "entities, decimal": VALUE.replace("/", "&#47;").replace(" ", "&nbsp;").replace('"', "&quot;"),
  "entities, hex": VALUE.replace("ä", "&#xE4;"),
  NFD: VALUE.normalize("NFD"),
  "wide letters": VALUE.replace("Hunter", "Ｈｕｎｔｅｒ"),
  base64: base64(VALUE),
  "base64 behind a name": base64(`app:${VALUE}`),
  base64url: Buffer.from(`ü:${VALUE}`).toString("base64url"),
  "base64 in a URL": percent(base64(`:${VALUE}`)),
  hex: Buffer.from(VALUE).toString("hex"),
  "hex by bytes": Buffer.from(VALUE)
    .toString("hex")
    .toUpperCase()
    .replace(/..(?=.)/g, "$&:"),
  "double blank": VALUE.replace(" ", "  "),
  "no blank": VALUE.replace(" ", "_"),
  "cut with dots": `${VALUE.slice(0, 7)} ...`,
  "cut with an ellipsis": `'${VALUE.slice(0, 8)}…'`,
  "its first half": VALUE.slice(0, 10),
  "its last half": VALUE.slice(4),
};
/** What may be left beside the mark: quotes around it, and characters of base64 that another value shares. */
const LEFT = /^bad value [b'"\\]{0,6}.{0,8}\[…\].{0,8} here$/u;

describe.each(Object.entries(SPELLINGS))("%s", (_, spelled) => {
  const text = `bad value ${spelled} here`;

  it("is taken out of what is said of a call", () => {
    const said = withWords("HTTP 500.", text, { arguments: { a: [{ pin: VALUE }] } });
    expect(said.replace("HTTP 500.\nIt says: ", "")).toMatch(LEFT);
    expect(said).not.toContain(spelled);
  });

  it("is taken out of what a program says of its configuration", () => {
    const mask = createMask({ kind: "stdio", command: "x", args: [], env: { PIN: VALUE }, cwd: undefined });
    expect(mask(text)).toMatch(LEFT);
  });
});

it.each([
  [{ n: 48_151_623 }, "48,151,623 is a lot", "[…] is a lot"],
  [{ n: 48_151_623 }, "48151623.00 is a lot", "[…].00 is a lot"],
  [{ "k-Secret77": 1 }, "no key k-Secret77 here", "no key […] here"],
  [{ "ann@acme.com": 1 }, "no key ann%40acme.com here", "no key […] here"],
  [
    { sql: `select ${"x, ".repeat(99)} from customers where pin is 4711` },
    "near 'FROM customers WHERE p' at",
    "near '[…]' at",
  ],
  [{ text: "first line of it\nsecond one of it\nthird" }, "in: second one of it", "in: […]"],
  [{ amount: 5 }, "amount must be less than 10 of currency", "amount must be less than 10 of currency"],
  [{ text: "my customers and their orders are mine" }, "no table customers", "no table customers"],
  [{ text: "x".repeat(30_000) }, "whatever", undefined],
  [{ list: Array.from({ length: 2_000 }, () => 1) }, "whatever", undefined],
])("of arguments (%#) what is said is told without it", (args, text, told) => {
  const words = told === undefined ? "What it says is not shown beside arguments this long." : `It says: ${told}`;
  expect(withWords("HTTP 500.", text, { arguments: args })).toBe(`HTTP 500.\n${words}`);
});

it("takes out two that stand side by side or within each other, and nothing else", () => {
  const conceal = createConcealer({ values: ["alphabeta", "betagamma", "abc", "a b c"], minLength: 3 });
  expect(conceal("alphabetagamma alphabeta betagamma abc cba")).toBe("[…] […] […] […] cba");
  expect(conceal("nothing of that: 100% \\u00 &; %zz &#9999999; \\x")).toBe(
    "nothing of that: 100% \\u00 &; %zz &#9999999; \\x",
  );
  expect(conceal("")).toBe("");
});

it("hides a value that is one letter, however often, from a text that is that letter", () => {
  const conceal = createConcealer({ values: ["a".repeat(20_000)], minLength: 3, longestRun: 16 });
  expect(conceal(`${"a".repeat(15)} ${"b".repeat(9)} ${"a".repeat(99)}`)).toBe(
    `${"a".repeat(15)} ${"b".repeat(9)} […]`,
  );
});
