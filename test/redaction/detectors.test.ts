import { describe, expect, it } from "vitest";
import { DETECTORS, type Detector } from "../../src/redaction/redaction.ts";
import { redactedJson, redactedText, rule } from "./helpers.ts";

const HEADER = Buffer.from('{"alg":"ES256"}').toString("base64url");
const KEY = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----";
// Put together here, so that nobody's scanner takes this file for a leak.
const made = (prefix: string, rest: string) => `${prefix}${rest}`;
const LETTERS = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8";

const found: readonly [Detector, string, string][] = [
  ["credit_card", "paid with 4111 1111 1111 1111.", "paid with *."],
  ["credit_card", "4111-1111-1111-1111", "*"],
  ["credit_card", "4111.1111.1111.1111", "*"],
  ["credit_card", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "*"],
  ["credit_card", "378282246310005 and 3782 822463 10005", "* and *"],
  ["credit_card", "30569309025904", "*"],
  ["credit_card", "5555555555554444,2223003122003222,6011111111111117", "*,*,*"],
  ["credit_card", "order 12 4111 1111 1111 1111 12/27", "order 12 * 12/27"],
  ["credit_card", "4111\u200b1111\u00ad11111111", "*"],
  [
    "credit_card",
    "\uff14\uff11\uff11\uff11 \uff11\uff11\uff11\uff11 \uff11\uff11\uff11\uff11 \uff11\uff11\uff11\uff11",
    "*",
  ],
  ["credit_card", "٤١١١١١١١١١١١١١١١", "*"],
  ["credit_card", "4111\u20111111\u20111111\u20111111", "*"],
  ["email", "ask ann@example.com, please", "ask *, please"],
  ["email", "<ann.b+c@mail.example.co.uk>", "<*>"],
  ["email", "mailto:ann@example.com?subject=x", "mailto:*?subject=x"],
  ["email", "'o'brien@example.com'", "'*'"],
  ["email", "müller@exämple.de", "*"],
  ["email", "ann\uff20example.com", "*"],
  ["email", "ann%40example.com and ann&#64;example.com and ann\\u0040example.com", "* and * and *"],
  ["email", `${"a".repeat(100)}@example.com`, "*"],
  ["phone", "call +49 30 1234567 now", "call * now"],
  ["phone", "+12125550100 or +1 (212) 555-0100 at 10", "* or * at 10"],
  ["phone", "0049 30 1234567", "*"],
  ["phone", "(212) 555-0100, 212-555-0100, 1.212.555.0100", "*, *, *"],
  ["phone", "030 / 1234 567 and 06 12 34 56 78 today", "* and * today"],
  ["iban", "to DE89 3704 0044 0532 0130 00 BIC COBADEFF", "to * BIC COBADEFF"],
  ["iban", "gb33bukb20201555555555", "*"],
  ["us_ssn", "it is 078-05-1120.", "it is *."],
  ["us_ssn", "123 45 6789 and SSN-078-05-1120", "* and SSN-*"],
  ["us_ssn", "SSN: 123456789", "SSN: *"],
  ["us_ssn", "social security number 123456789", "social security number *"],
  ["jwt", `Bearer ${HEADER}.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl!`, "Bearer *!"],
  ["jwt", `${HEADER}.eyJzdWIiOiJhbm4ifQ`, "*"],
  ["jwt", `eyJhhhhhhhhh.${HEADER}.e30.x`, "eyJhhhhhhhhh.*"],
  ["private_key", `key:\n${KEY}\nend`, "key:\n*\nend"],
  ["private_key", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl and no end", "*"],
  ["private_key", KEY.replaceAll("PRIVATE KEY", "PGP PRIVATE KEY BLOCK"), "*"],
  ["cloud_key", "AKIAIOSFODNN7EXAMPLE", "*"],
  ["cloud_key", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws_secret_access_key = *"],
  ["cloud_key", `use ${made("ghp_", LETTERS)}.`, "use *."],
  ["cloud_key", made("glpat-", LETTERS), "*"],
  ["cloud_key", made("AIza", `Sy${LETTERS.slice(0, 33)}`), "*"],
  ["cloud_key", made("xoxb-", "1234567890-abcdefghij"), "*"],
  ["cloud_key", made("sk_live_", LETTERS.slice(0, 24)), "*"],
  ["cloud_key", made("sk-ant-api03-", LETTERS), "*"],
  ["cloud_key", made("npm_", LETTERS), "*"],
  ["cloud_key", made("hf_", LETTERS), "*"],
  ["cloud_key", made("SG.", `${LETTERS.slice(0, 22)}.${LETTERS}`), "*"],
  ["cloud_key", `AccountKey=${"a1B2".repeat(21)}ab==;Endpoint=x`, "AccountKey=*;Endpoint=x"],
  ["cloud_key", made("abc8Q~", LETTERS.slice(0, 34)), "*"],
];

const left: readonly [Detector, string][] = [
  ["credit_card", "4111111111111112"],
  ["credit_card", "0.4111111111111111"],
  ["credit_card", "a4111111111111111"],
  ["credit_card", "41111111111111111111111"],
  ["credit_card", "1700000000000 1700000000001"],
  ["credit_card", "3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"],
  ["email", "ann@localhost, @ann and a @ b.com"],
  ["phone", "2026-01-02T10:30:00.000Z, 01.02.2026 10:30 and 192.168.100.200"],
  ["phone", "100 200 3000 1234567890"],
  ["phone", "01 02 03 04 05 06 07 08 09 10 11 12"],
  ["phone", "550e8400-e29b-41d4-a716-446655440000"],
  ["iban", "DE89 3704 0044 0532 0130 01"],
  ["us_ssn", "000-12-3456, 666-12-3456, 900-12-3456, 123-00-4567, 123-45-0000"],
  ["us_ssn", "123-45 6789 and 123456789"],
  ["jwt", "eyJhhhhhhhhh.eyJhhhhhhhhh.x"],
  ["private_key", "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"],
  ["cloud_key", "pk_customers_by_country_and_city and risk-assessment-2026-and-more"],
];

describe("what a detector finds", () => {
  it.each(found)("%s in %j", (detector, text, expected) => {
    expect(redactedText(text, rule({ detect: [detector] }))).toBe(expected.replaceAll("*", `[redacted:${detector}]`));
  });

  it.each(left)("%s is not in %j", (detector, text) => {
    expect(redactedText(text, rule({ detect: [detector] }))).toBe(text);
  });

  it("is the better proven of two readings", () => {
    expect(redactedText("078-05-1120", rule({ detect: [...DETECTORS] }))).toBe("[redacted:us_ssn]");
  });
});

describe("a key says what its value is", () => {
  it.each<[Detector, string, string | number]>([
    ["phone", "phone", "2125550100"],
    ["phone", "mobilePhone", 2125550100],
    ["us_ssn", "ssn", "123456789"],
    ["us_ssn", "social_security_number", 123456789],
    ["cloud_key", "SecretAccessKey", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"],
  ])("%s under %s", (detector, key, value) => {
    const redaction = rule({ detect: [detector] });
    expect(redactedJson({ [key]: value }, redaction)).toEqual({ [key]: `[redacted:${detector}]` });
    expect(redactedJson({ [key]: [value] }, redaction)).toEqual({ [key]: [`[redacted:${detector}]`] });
    expect(redactedJson({ other: value }, redaction)).toEqual({ other: value });
  });
});

describe("numbers", () => {
  const cards = rule({ detect: ["credit_card"] });
  it.each([4111111111111111, -4111111111111111, 378282246310005, 4e18])("%d is a card", (number) => {
    expect(redactedJson({ number }, cards)).toEqual({ number: "[redacted:credit_card]" });
  });

  it.each([4111111111111112, 1700000000000, 0.4111111111111111, 42, 1e300])("%d is none", (number) => {
    expect(redactedJson({ number }, cards)).toEqual({ number });
  });
});
