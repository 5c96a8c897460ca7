import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { numberIn, parseExact, withDoubles, writeExact } from "../../src/core/exact-json.ts";
import { ExactNumber } from "../../src/core/exact-number.ts";
import { canonicalJson, keptJson } from "../../src/core/json.ts";
import { jsonText, numbersIn, numberText, ODD_NUMBERS } from "../support/json-texts.ts";

describe("JSON with all its digits", () => {
  it("is what JSON.parse says, but for the digits", () => {
    fc.assert(
      fc.property(fc.oneof(jsonText, fc.json()), (text) => {
        expect(withDoubles(parseExact(text))).toEqual(JSON.parse(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it("is written with the numbers that were read, on one line or on many", () => {
    fc.assert(
      fc.property(jsonText, fc.constantFrom("", "  ", "\t"), (text, indent) => {
        const written = writeExact(parseExact(text), indent);
        expect(numbersIn(written)).toEqual(numbersIn(text));
        expect(JSON.parse(written)).toEqual(JSON.parse(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(["[]", "{}", '{"a":[{"b":{}},[],1.0]}', '{"a":{"b":[1.0,{"c":null}]}}'])(
    "is indented as JSON.stringify does: %s",
    (text) => {
      const plain = JSON.stringify(JSON.parse(text.replace("1.0", "7")), null, 2);
      expect(writeExact(parseExact(text), "  ")).toBe(plain.replace("7", "1.0"));
    },
  );

  it("keeps the last of equal names, and `__proto__` as a name like others", () => {
    const value = parseExact('{"a":1.0,"a":2.0,"__proto__":{"b":3.0},"constructor":4.0}');
    expect(writeExact(value)).toBe('{"a":2.0,"__proto__":{"b":3.0},"constructor":4.0}');
    expect(Object.getPrototypeOf(withDoubles(value))).toBe(Object.prototype);
  });

  it("is read however deep it is", () => {
    const depth = 100_000;
    expect(() => parseExact(`${"[".repeat(depth)}1.0${"]".repeat(depth)}`)).not.toThrow();
  });

  it.each(["", "[1.0", "1.0.0", "01.0", "[1.0,]", '{"a":1.0,}', "-", "1e"])("refuses %j as JSON.parse does", (text) => {
    expect(() => parseExact(text)).toThrow(SyntaxError);
  });

  it("has exact numbers only where a double would be written in another way", () => {
    fc.assert(
      fc.property(numberText, (text) => {
        const value = parseExact(text);
        expect(value instanceof ExactNumber).toBe(String(Number(text)) !== text);
        expect(numberIn(value)).toBe(Number(text));
        const isDouble = !(value instanceof ExactNumber) || value.isDouble;
        expect(canonicalJson(value)).toBe(isDouble ? JSON.stringify(Number(text)) : text);
        expect(keptJson([value])).toEqual({ canonical: `[${canonicalJson(value)}]`, kept: `[${text}]` });
      }),
      { numRuns: 2_000 },
    );
  });

  it("rounds for writers that know doubles only", () => {
    expect(JSON.stringify(ODD_NUMBERS.map((text) => parseExact(text)))).toBe(
      JSON.stringify(ODD_NUMBERS.map((text) => Number(text))),
    );
  });
});

it.each([
  ["1.0", true],
  ["-0", true],
  ["1e21", true],
  ["100E-2", true],
  ["0.10", true],
  ["12345678901234567000", false],
  ["9007199254740992", true],
  ["1e23", false],
  ["9007199254740993", false],
  ["123456789012345678901234567890", false],
  ["0.1000000000000000055", false],
  ["1e400", false],
  ["1e-400", false],
  ["0e999999999999999999999", true],
  ["1e999999999999999999999", false],
])("%s is a double: %j", (text, is) => {
  expect(new ExactNumber(text).isDouble).toBe(is);
});

it("is a double where its shortest writing is the same number", () => {
  const scaled = (text: string): bigint => {
    const [, sign = "", whole = "", fraction = "", power = "0"] =
      /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(text) ?? [];
    return BigInt(`${sign}${whole}${fraction}`) * 10n ** BigInt(60 + Number(power) - fraction.length);
  };
  const decimal = fc
    .tuple(fc.constantFrom("", "-"), fc.bigInt({ min: 0n, max: 2n ** 53n }), fc.nat(17), fc.nat(4))
    .map(([sign, digits, places, zeros]) => {
      const all = String(digits).padStart(places + 1, "0");
      return `${sign}${all.slice(0, all.length - places)}.${all.slice(all.length - places)}${"0".repeat(zeros + 1)}`;
    });
  fc.assert(
    fc.property(decimal, (text) => {
      expect(new ExactNumber(text).isDouble).toBe(scaled(text) === scaled(String(Number(text))));
    }),
  );
});
