import { describe, expect, it } from "vitest";
import { DETECTORS } from "../../src/redaction/redaction.ts";
import { redacted, redactedText, rule } from "./helpers.ts";

const everything = rule({ detect: [...DETECTORS] });

const SECRETS = {
  credit_card: "4111111111111111",
  email: "ann@acme.com",
  iban: "DE89370400440532013000",
  us_ssn: "123-45-6789",
  cloud_key: "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
  jwt: "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefghijklmnop",
} as const;

const hex = (character: string): string => character.charCodeAt(0).toString(16);
const each = (write: (character: string) => string) => (text: string) => Array.from(text, write).join("");

describe("a secret is found whatever stands around it", () => {
  describe.each<[string, (text: string) => string]>([
    ["a line break as a log writes it", (text) => `{"body": "total\\n${text}\\n"`],
    ["the same, escaped again", (text) => `"{\\"body\\": \\"total\\\\n${text}\\\\n\\"`],
    ["a tab as a log writes it", (text) => `total\\t${text}\\tpaid`],
    ["a query in a query", (text) => `https://a.example/?next=%2Fpay%3Fof%3D${text}%26ok`],
    ["the same, encoded again", (text) => `https://a.example/?next=%252Fpay%253Fof%253D${text}%2526ok`],
    ["a line break in a query", (text) => `https://a.example/?q=a%0A${text}%0Ab`],
    ["a per cent sign", (text) => `10%${text}`],
    ["a soft hyphen before a word", (text) => `${text}\u00adOrder`],
    ["a zero-width space behind a word", (text) => `Order\u200b${text}`],
    ["a terminal's colours", (text) => `\u001b[1;31m${text}\u001b[0mdone`],
    ["a terminal's colours, escaped", (text) => `\\u001b[1;31m${text}\\u001b[0mdone`],
    ["spaces of HTML", (text) => `Order&nbsp;${text}&#160;paid`],
  ])("%s", (_, around) => {
    it.each(Object.entries(SECRETS))("%s", (detector, secret) => {
      const text = String(redactedText(around(secret), everything));
      expect(text).not.toContain(secret);
      expect(text).toContain(`[redacted:${detector}]`);
    });
  });

  it.each(["credit_card", "email", "iban", "us_ssn", "cloud_key"] as const)("underscores, a %s", (detector) => {
    expect(redactedText(`_${SECRETS[detector]}_`, everything)).toContain(`[redacted:${detector}]`);
  });
});

describe("a secret is found however its characters are escaped", () => {
  describe.each<[string, (text: string) => string]>([
    ["\\u0041", each((it) => `\\u00${hex(it)}`)],
    ["\\\\u0041", each((it) => `\\\\u00${hex(it)}`)],
    ["\\u{41}", each((it) => `\\u{${hex(it)}}`)],
    ["\\x41", each((it) => `\\x${hex(it)}`)],
    ["%41", each((it) => `%${hex(it)}`)],
    ["%2541", each((it) => `%25${hex(it)}`)],
    ["&#065;", each((it) => `&#0${it.charCodeAt(0)};`)],
    ["&#X41;", each((it) => `&#X${hex(it)};`)],
  ])("%s", (_, write) => {
    it.each(Object.entries(SECRETS))("%s", (detector, secret) => {
      expect(redactedText(`Here: ${write(secret)} there`, everything)).toBe(`Here: [redacted:${detector}] there`);
    });
  });

  it("as the key of a map that was written into a text", () => {
    const key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    const text = `body: "{\\"secretAccessKey\\": \\"${key.replaceAll("/", "\\/")}\\"}"`;
    expect(redactedText(text, everything)).toBe('body: "{\\"secretAccessKey\\": \\"[redacted:cloud_key]\\"}"');
  });

  it("and has one hash all the same", () => {
    const hashed = rule({ detect: ["email"], with: "hash" });
    const plain = redactedText("ann@acme.com", hashed);
    expect(redactedText("\\nann@acme.com", hashed)).toBe(`\\n${plain}`);
    expect(redactedText("ann%40acme.com", hashed)).toBe(plain);
  });
});

describe("paths are applied to a text that is JSON", () => {
  const notes = rule({ paths: ["$.notes"] });

  it.each<[string, string, string]>([
    ["behind many spaces", " ".repeat(200), ""],
    ["before many line breaks", "", "\n".repeat(200)],
    ["behind a byte order mark", "\ufeff", ""],
    ["between spaces that JSON does not know", "\u00a0", "\u2028"],
  ])("%s", (_, before, after) => {
    expect(redactedText(`${before}{"notes": "rude"}${after}`, notes)).toBe('{"notes":"[redacted]"}');
  });
});

describe("what says that it is binary and is not", () => {
  it.each([
    { type: "image", mimeType: "image/png", data: "ann@acme.com" },
    { type: "audio", mimeType: "audio/wav", data: { of: "ann@acme.com" } },
    { type: "resource", resource: { uri: "a://b", blob: "to: ann@acme.com" } },
    { type: "text", text: "", resource: { blob: ["ann@acme.com"] } },
  ])("is looked at: %j", (block) => {
    expect(JSON.stringify(redacted({ content: [block] }, everything).result)).not.toContain("ann@acme.com");
  });
});
