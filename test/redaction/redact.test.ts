import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { LIMITS } from "../../src/redaction/limits.ts";
import { redactResult } from "../../src/redaction/redact.ts";
import { DETECTORS, REPLACEMENTS } from "../../src/redaction/redaction.ts";
import { hash, redacted, redactedJson, redactedText, rule } from "./helpers.ts";

const emails = rule({ detect: ["email"] });
const text = (value: unknown) => ({ type: "text", text: typeof value === "string" ? value : JSON.stringify(value) });

describe("a result", () => {
  it("is the very same object where nothing has to go", () => {
    const result = { content: [text("all well"), { type: "image", data: "aGk=" }], structuredContent: { a: [1, {}] } };
    const everything = rule({ detect: [...DETECTORS], paths: ["$.none", "$..gone[?@.a == 1]"] });
    expect(redacted(result, everything).result).toBe(result);
    expect(redacted(result).result).toBe(result);
  });

  it("is looked at everywhere but in what is binary", () => {
    const at = "ann@example.com";
    const gone = "[redacted:email]";
    const card = rule({ detect: ["credit_card"] });
    // Also a card's digits, as part of a picture, are left alone.
    const bytes = "4111111111111111";
    const outcome = redacted(
      {
        content: [
          text(at),
          { type: "image", data: bytes, mimeType: "image/png", annotations: { note: at } },
          { type: "audio", data: bytes, mimeType: "audio/wav" },
          { type: "resource", resource: { uri: `mailto:${at}`, text: at } },
          { type: "resource", resource: { uri: "x:1", blob: bytes } },
          { type: "resource_link", uri: `x:${at}`, name: at, description: at },
          at,
        ],
        structuredContent: { list: [at, { [at]: at }] },
        _meta: { from: at },
        other: at,
      },
      emails,
      card,
    );
    expect(outcome.result).toEqual({
      content: [
        text(gone),
        { type: "image", data: bytes, mimeType: "image/png", annotations: { note: gone } },
        { type: "audio", data: bytes, mimeType: "audio/wav" },
        { type: "resource", resource: { uri: `mailto:${gone}`, text: gone } },
        { type: "resource", resource: { uri: "x:1", blob: bytes } },
        { type: "resource_link", uri: `x:${gone}`, name: gone, description: gone },
        gone,
      ],
      structuredContent: { list: [gone, { [gone]: gone }] },
      _meta: { from: gone },
      other: gone,
    });
    expect(outcome.found).toEqual({ email: 13 });
  });

  it("keeps every member of a map keyed by what goes", () => {
    const map = { "a@b.example": 1, "[redacted:email]": 2, "c@d.example": 3, e: 4 };
    expect(redacted({ structuredContent: map }, emails).result["structuredContent"]).toEqual({
      "[redacted:email] #2": 1,
      "[redacted:email]": 2,
      "[redacted:email] #3": 3,
      e: 4,
    });
  });

  it("keeps members named like parts of every object", () => {
    const map: JsonObject = JSON.parse('{"__proto__": "a@b.example", "constructor": {"toString": "a@b.example"}}');
    expect(JSON.stringify(redacted({ structuredContent: map }, emails).result)).toBe(
      '{"structuredContent":{"__proto__":"[redacted:email]","constructor":{"toString":"[redacted:email]"}}}',
    );
  });
});

describe("a text that is JSON", () => {
  it("is looked into behind its escapes, at any level", () => {
    const inner = '{"mail": "ann\\u0040example\\u002ecom"}';
    expect(redactedText(inner, emails)).toBe('{"mail":"[redacted:email]"}');
    expect(redactedText(JSON.stringify({ inner }), emails)).toBe(
      JSON.stringify({ inner: '{"mail":"[redacted:email]"}' }),
    );
  });

  it("hides nothing behind a second member of the same name", () => {
    expect(redactedText('{"a": "ann@example.com", "a": 1}', emails)).toBe('{"a":1}');
    expect(redactedText('{"ssn": 1, "ssn": 2}', rule({ paths: ["$.ssn"] }))).toBe('{"ssn":"[redacted]"}');
  });

  it("stays as it was written where nothing has to go", () => {
    const written = '{ "a": 1.0,\n  "b": "x: y \\" : {" }';
    expect(redactedText(written, emails)).toBe(written);
  });

  it("is a plain text if it is not quite JSON", () => {
    expect(redactedText("[see ann@example.com]", emails)).toBe("[see [redacted:email]]");
    expect(redactedText('{"a": "ann@example.com",}', emails)).toBe('{"a": "[redacted:email]",}');
  });
});

describe("paths", () => {
  const value = { customer: { ssn: "1", name: "Ann" }, items: [{ price: 1 }, { price: 20 }] };
  it.each<[string, unknown]>([
    ["$.customer.ssn", { ...value, customer: { ssn: "[redacted]", name: "Ann" } }],
    ["$['customer']", { ...value, customer: "[redacted]" }],
    ["$..price", { ...value, items: [{ price: "[redacted]" }, { price: "[redacted]" }] }],
    ["$.items[?@.price > 10].price", { ...value, items: [{ price: 1 }, { price: "[redacted]" }] }],
    ["$.items[-1]", { ...value, items: [{ price: 1 }, "[redacted]"] }],
    ["$.nothing.here", value],
  ])("%s", (path, expected) => {
    const redaction = rule({ paths: [path] });
    expect(redacted({ structuredContent: value, content: [text(value)] }, redaction).result).toEqual({
      structuredContent: expected,
      content: [text(expected)],
    });
  });

  it("drop members and items", () => {
    const redaction = rule({ paths: ["$.customer.ssn", "$.items[0]"], with: "drop" });
    const outcome = redacted({ structuredContent: value }, redaction);
    expect(outcome.result["structuredContent"]).toEqual({ customer: { name: "Ann" }, items: [{ price: 20 }] });
    expect(outcome.found).toEqual({ path: 2 });
  });

  it("hash equal values alike, whatever the order of their keys", () => {
    const redaction = rule({ paths: ["$.*"], with: "hash" });
    const out = redacted({ structuredContent: { a: { x: 1, y: 2 }, b: { y: 2, x: 1 }, c: 1 } }, redaction);
    const { a, b, c } = JSON.parse(JSON.stringify(out.result["structuredContent"]));
    expect(a).toMatch(/^\[hash:[\da-f]{16}\]$/);
    expect(b).toBe(a);
    expect(c).not.toBe(a);
  });

  it("are applied to an embedded resource's text", () => {
    const resource = { uri: "x:1", text: '{"ssn":1}' };
    expect(redacted({ content: [{ type: "resource", resource }] }, rule({ paths: ["$.ssn"] })).result).toEqual({
      content: [{ type: "resource", resource: { uri: "x:1", text: '{"ssn":"[redacted]"}' } }],
    });
  });
});

describe("several redactions", () => {
  const card = "4111 1111 1111 1111";
  it.each(REPLACEMENTS.flatMap((one) => REPLACEMENTS.map((other) => [one, other] as const)))(
    "%s and %s: the stronger counts, in either order",
    (one, other) => {
      const rules = [one, other].map((how) => rule({ detect: ["credit_card"], paths: ["$.a"], with: how }));
      const result = { structuredContent: { a: 1, b: card }, content: [text(card)] };
      const outcome = redacted(result, ...rules).result;
      expect(redacted(result, ...rules.toReversed()).result).toEqual(outcome);
      const strongest = [one, other].includes("drop") ? "drop" : [one, other].includes("replace") ? "replace" : "hash";
      const alone = rule({ detect: ["credit_card"], paths: ["$.a"], with: strongest });
      expect(outcome).toEqual(redacted(result, alone).result);
    },
  );

  it("take out all that they cover where they overlap", () => {
    const jwt = `${Buffer.from('{"alg":"none"}').toString("base64url")}.e30.x`;
    expect(redactedText(`${jwt}@example.com!`, rule({ detect: ["jwt"] }), emails)).toBe("[redacted:email]!");
  });
});

describe("what stands there instead", () => {
  it("is nothing for drop; a text stays a text", () => {
    expect(redactedText("to ann@example.com, now", rule({ detect: ["email"], with: "drop" }))).toBe("to , now");
    expect(redactedText("ann@example.com", rule({ detect: ["email"], with: "drop" }))).toBe("");
  });

  it("is one hash for one value, however it is written", () => {
    const redaction = rule({ detect: ["credit_card", "email", "iban"], with: "hash" });
    const one = redactedText("4111111111111111 ann@example.com DE89370400440532013000", redaction);
    const other = redactedText("4111-1111-1111-1111 Ann@Example.COM de89 3704 0044 0532 0130 00", redaction);
    expect(one).toBe(other);
    expect(one).toMatch(/^\[credit_card:[\da-f]{16}\] \[email:[\da-f]{16}\] \[iban:[\da-f]{16}\]$/);
  });

  it("cannot be taken for a card", () => {
    const digits = redactResult(
      "tool",
      { content: [text("ann@example.com")] },
      [rule({ detect: ["email", "credit_card"], with: "hash" })],
      () => "4111111111111111".repeat(4),
    );
    expect(digits).toMatchObject({ result: { content: [text("[email:e111111111111111]")] } });
  });
});

describe("a text made to come together when something is taken out", () => {
  it.each(REPLACEMENTS)("is taken out as well (%s)", (how) => {
    const redaction = rule({ detect: ["email", "credit_card", "us_ssn"], with: how });
    const out = redactedText(
      "4111 1111 ann@b.example 1111 1111, 123-4078-05-11205-6789, a@a@b.example.example",
      redaction,
    );
    expect(redactedText(String(out), redaction)).toBe(out);
  });

  it("is withheld when it goes on and on", () => {
    let nested = "4111 1111 1111 1111";
    for (let level = 0; level < 10; level++) nested = `4111 1111 ${nested} 1111 1111`;
    expect(redactedText(nested, rule({ detect: ["credit_card"], with: "drop" }))).toBe("[redacted]");
  });
});

describe("a result over a limit is withheld whole", () => {
  const deep = (levels: number): string => `${"[".repeat(levels)}1${"]".repeat(levels)}`;
  it.each<[string, JsonObject]>([
    ["nested too deeply", { structuredContent: { a: JSON.parse(deep(LIMITS.maxDepth)) } }],
    ["nested too deeply in a text", { content: [text(deep(LIMITS.maxDepth + 1))] }],
    ["too many values", { structuredContent: { a: Array.from({ length: LIMITS.maxValues }, () => 1) } }],
    ["too long", { content: [text("x".repeat(LIMITS.maxCharacters + 1))] }],
  ])("%s", (_what, result) => {
    expect(redactResult("tool", result, [emails], hash)).toEqual({ ok: false, reason: expect.stringMatching(/^It /) });
    expect(redactedJson(result, emails)).not.toEqual(result);
  });

  it("too many places of paths", () => {
    const result = { structuredContent: { a: Array.from({ length: LIMITS.maxPlaces + 1 }, () => 1) } };
    expect(redactResult("tool", result, [rule({ paths: ["$.a[*]"] })], hash)).toMatchObject({ ok: false });
  });
});

describe("what goes to the client beside a result", () => {
  it("is looked at like one", () => {
    const params = { level: "info", data: { ssn: 1, mail: "ann@example.com" } };
    const both = rule({ detect: ["email"], paths: ["$..ssn"] });
    expect(redactedJson(params, both)).toEqual({
      level: "info",
      data: { ssn: "[redacted]", mail: "[redacted:email]" },
    });
    expect(redactedJson(params, rule({ paths: ["$..other"] }))).toBe(params);
  });
});
