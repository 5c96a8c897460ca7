import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { LIMITS } from "../../src/redaction/limits.ts";
import { redactResult } from "../../src/redaction/redact.ts";
import type { ResultKind } from "../../src/redaction/shapes/result-kinds.ts";
import { hash, redactedOf, rule } from "./helpers.ts";

const at = "ann@example.com";
const gone = "[redacted:email]";
const emails = rule({ detect: ["email"] });
const strict = rule({ detect: ["email"], binary: "withhold" });
const secrets = rule({ paths: ["$..secret"] });

const base64 = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString("base64");
const utf16 = (text: string, mark = "\ufeff"): Buffer => Buffer.from(mark + text, "utf16le");
const bigEndian = (text: string): Buffer => utf16(text).swap16();
const PNG = Buffer.from("89504e470d0a1a0a0000000d49484452ff", "hex");

/** Every place where the protocol has Base64, around one holder of a type and data. */
const PLACES: readonly (readonly [string, ResultKind, (holder: JsonObject) => JsonObject])[] = [
  ["a resource's contents", "resource", (it) => ({ contents: [{ uri: "a://b", ...it }] })],
  [
    "a resource in a tool's result",
    "tool",
    (it) => ({ content: [{ type: "resource", resource: { uri: "a://b", ...it } }] }),
  ],
  [
    "a resource in a message",
    "prompt",
    (it) => ({ messages: [{ role: "user", content: { type: "resource", resource: { uri: "a://b", ...it } } }] }),
  ],
];
const holderOf = (mimeType: string | undefined, blob: Json): JsonObject => ({ ...(mimeType && { mimeType }), blob });
/** What becomes of a blob in a resource's contents. */
function blob(mimeType: string | undefined, given: Json, ...rules: readonly ReturnType<typeof rule>[]): JsonObject {
  const { result } = redactedOf("resource", { contents: [holderOf(mimeType, given)] }, ...rules);
  return JSON.parse(JSON.stringify(result)).contents[0];
}
const read = (it: JsonObject): string => Buffer.from(String(it["blob"]), "base64").toString();

describe.each(PLACES)("a blob in %s", (_name, kind, around) => {
  it.each([
    ...[
      "text/plain",
      "text/csv; charset=utf-8",
      "TEXT/HTML",
      "application/json",
      "application/ld+json",
      "application/xml",
    ],
    ...["image/svg+xml", "application/yaml", "application/x-yaml", "text/javascript", "application/javascript"],
    ...[
      "application/x-www-form-urlencoded",
      "application/x-ndjson",
      "application/jsonl",
      "application/sql",
      "message/rfc822",
    ],
    // Says nothing of what it is: the bytes do.
    ...[undefined, "", "text", "application/octet-stream", "application/x-unheard-of"],
  ])("of the type %s is looked at as the text that it is", (type) => {
    const found = redactedOf(kind, around(holderOf(type, base64(`to ${at}!`))), emails);
    expect(found.result).toEqual(around(holderOf(type, base64(`to ${gone}!`))));
    expect(found.found).toEqual({ email: 1 });
    const clean = around(holderOf(type, base64("to Ann!")));
    expect(redactedOf(kind, clean, emails, secrets, strict).result).toBe(clean);
  });

  it("is what paths begin at if it is JSON", () => {
    const given = around(holderOf("application/json", base64('{"a": {"secret": "s3cr3t"}, "b": 1.0}')));
    expect(redactedOf(kind, given, secrets).result).toEqual(
      around(holderOf("application/json", base64('{"a":{"secret":"[redacted]"},"b":1.0}'))),
    );
  });

  it.each([
    ["image/png", PNG],
    ["audio/wav", Buffer.from(`RIFF ${at}`)],
    ["application/pdf", Buffer.from(`%PDF ${at}`)],
    [undefined, PNG],
    ["application/zip", Buffer.from([0x50, 0x4b, 3, 4, 0, 0])],
  ])("that is binary, %s, passes as it is or is withheld, as the policy says", (type, bytes) => {
    const given = around(holderOf(type, base64(bytes)));
    expect(redactedOf(kind, given, emails).result).toBe(given);
    const withheld = redactedOf(kind, given, strict);
    expect(withheld.result).toEqual(around({ mimeType: "text/plain", text: `[withheld: ${type ?? "binary"}]` }));
    expect(withheld.found).toEqual({ binary: 1 });
    expect(redactedOf(kind, given, rule({ paths: ["$.a"] }), rule({ binary: "withhold" })).found).toEqual({
      binary: 1,
    });
  });
});

describe("an image or a sound", () => {
  const around = (block: JsonObject) => ({ content: [block] });

  it("that is withheld becomes a text", () => {
    const block = {
      type: "image",
      mimeType: "image/png",
      data: base64(PNG),
      annotations: { priority: 1 },
      _meta: { a: 1 },
    };
    expect(redactedOf("tool", around(block), strict).result).toEqual(
      around({ type: "text", text: "[withheld: image/png]", annotations: { priority: 1 }, _meta: { a: 1 } }),
    );
    const prompt = (content: JsonObject) => ({ messages: [{ role: "user", content }] });
    expect(redactedOf("prompt", prompt({ type: "audio", mimeType: "audio/wav", data: "" }), strict).result).toEqual(
      prompt({ type: "text", text: "[withheld: audio/wav]" }),
    );
  });

  it("that is written in text is looked at", () => {
    const svg = (text: string) =>
      around({ type: "image", mimeType: "image/svg+xml", data: base64(`<svg>${text}</svg>`) });
    expect(redactedOf("tool", svg(at), strict).result).toEqual(svg(gone));
  });

  it("that has no known type says so, and nothing that is no type is repeated", () => {
    for (const mimeType of [undefined, 1, `image/png ${"x".repeat(100)}`, "[1]", "image/\u200bpng"]) {
      const block = { type: "image", data: base64(PNG), ...(mimeType !== undefined && { mimeType }) };
      const { result } = redactedOf("tool", around(block), strict);
      expect(result).toEqual(around({ type: "text", text: "[withheld: binary]" }));
    }
  });
});

describe("an encoding of text", () => {
  it.each<[string, Uint8Array, (text: string) => Uint8Array]>([
    ["text/plain", Buffer.from(`é ${at}`), (text) => Buffer.from(text)],
    ["text/plain", Buffer.from(`\ufeffé ${at}`), (text) => Buffer.from(`\ufeff${text}`)],
    ["text/plain; charset=UTF-16", utf16(`é ${at}`), (text) => utf16(text)],
    ["text/plain", bigEndian(`é ${at}`), (text) => bigEndian(text)],
    ['text/plain; format=flowed; charset="utf-16be"', bigEndian(`é ${at}`), (text) => bigEndian(text)],
    ["text/plain;charset=iso-8859-1", Buffer.from(`é ${at}`, "latin1"), (text) => Buffer.from(text, "latin1")],
    ["text/csv; charset=windows-1252", Buffer.from(`é ${at}`, "latin1"), (text) => Buffer.from(text, "latin1")],
    ["application/octet-stream", utf16(`é ${at}`), (text) => utf16(text)],
  ])("%s is kept around what goes", (type, bytes, encode) => {
    expect(blob(type, base64(bytes), emails)).toEqual(holderOf(type, base64(encode(`é ${gone}`))));
    expect(blob(type, base64(encode("é!")), emails)).toEqual(holderOf(type, base64(encode("é!"))));
  });

  it("is read with its own dashes", () => {
    const card = Buffer.from("4111\x961111\x961111\x961111", "latin1");
    const after = blob("text/plain; charset=windows-1252", base64(card), rule({ detect: ["credit_card"] }));
    expect(read(after)).toContain("[redacted:credit_card]");
  });

  it("of one byte each keeps every byte", () => {
    const all = Buffer.from(Array.from({ length: 255 }, (_, index) => index + 1));
    const after = blob("text/plain; charset=latin1", base64(Buffer.concat([all, Buffer.from(` ${at}`)])), emails);
    expect(Buffer.from(String(after["blob"]), "base64")).toEqual(Buffer.concat([all, Buffer.from(` ${gone}`)]));
  });

  it("that has not all characters gets them as escapes of JSON", () => {
    const given = Buffer.from('{"a": "\\u4e2dé\\ud83d\\ude00", "m": "ann\\u0040example.com"}', "latin1");
    const after = blob("application/json; charset=latin1", base64(given), emails);
    expect(Buffer.from(String(after["blob"]), "base64").toString("latin1")).toBe(
      `{"a":"\\u4e2dé\\ud83d\\ude00","m":"${gone}"}`,
    );
  });

  it.each<[string, string, Uint8Array]>([
    ["no UTF-8", "text/plain", Buffer.from(`\xe9 ${at}`, "latin1")],
    ["a charset that is not known", "text/plain; charset=utf-7", Buffer.from(`\xe9 ${at}`, "latin1")],
    ["UTF-16 without a mark", "text/plain; charset=utf-16le", utf16(at, "")],
    ["UTF-16 without a mark, said to be UTF-8", "text/plain", utf16(at, "")],
    ["half a character", "text/plain; charset=utf-16", utf16(at).subarray(0, -1)],
    ["a half of a pair", "text/plain; charset=utf-16", utf16(`\ud800${at}`)],
    ["a mark that says something else", "text/plain; charset=latin1", utf16(at)],
    ["two charsets", "text/plain; charset=latin1; charset=utf-8", Buffer.from(at)],
    ["a compressed text", "application/json", Buffer.from("1f8b0800", "hex")],
  ])("that cannot be read is withheld: %s", (_what, type, bytes) => {
    for (const rules of [[emails], [secrets], [strict]]) {
      expect(blob(type, base64(bytes), ...rules)).toEqual({
        mimeType: "text/plain",
        text: `[withheld: ${type.split(";")[0]}]`,
      });
    }
  });
});

/** Base64 by which somebody could have one reader see what another does not. */
const HOSTILE: readonly (readonly [string, string, "withheld" | "read"])[] = [
  ["letters that are not of its alphabet", `${base64(at).slice(0, 8)}!${base64(at).slice(8)}`, "withheld"],
  ["letters that look like its own", base64(at).replace("Y", "\uff39"), "withheld"],
  ["no Base64 at all", at, "withheld"],
  ["JSON", JSON.stringify({ secret: at }), "withheld"],
  ["truncated", base64(`${at}!!`).slice(0, -3), "withheld"],
  ["more behind its end", `${base64("hello ok")}${base64(at)}`, "withheld"],
  ["padding that is not needed", `${base64(at)}=`, "withheld"],
  ["padding alone", "====", "withheld"],
  ["one letter", "Y", "withheld"],
  ["line breaks", (base64(`to ${at}, and on and on`).match(/.{1,10}/g) ?? []).join("\r\n"), "read"],
  ["spaces and tabs", ` \t${base64(at).split("").join(" ")}\n`, "read"],
  ["no padding", base64(`${at} é`).replaceAll("=", ""), "read"],
  ["the alphabet for URLs", Buffer.from(`${at} ???>>>ÿÿ`).toString("base64url"), "read"],
  ["both alphabets", `${Buffer.from("???").toString("base64url")}${base64(`??? ${at}`)}`, "read"],
  // Readers of the other alphabet skip the dash, and see what comes behind it.
  ["a dash that shifts what comes behind it", `YWJj-${base64(at)}`, "withheld"],
  ["an underscore between whole letters", `${base64("hello ")}____${base64(at)}`, "withheld"],
  ["bits that no byte has", "YW5uQGV4YW1wbGUuY29tIR==".replace("R==", "T=="), "read"],
  ["nothing", "", "read"],
];

describe.each(HOSTILE)("Base64 with %s", (_what, given, becomes) => {
  it.each(["text/plain", "application/json"])("of the type %s", (type) => {
    for (const rules of [[emails], [emails, secrets], [strict]]) {
      const after = blob(type, given, ...rules);
      expect(Object.hasOwn(after, "text")).toBe(becomes === "withheld");
      for (const seen of readings(after)) expect(seen).not.toContain(at);
    }
  });

  it("without a type", () => {
    for (const seen of readings(blob(undefined, given, strict))) expect(seen).not.toContain(at);
  });
});

/** What different readers see: as it stands, as we decode it, and as those do who skip what is not of the alphabet. */
function readings(content: JsonObject): readonly string[] {
  const data = String(content["blob"] ?? "");
  const skipping = data.replace(/[^A-Za-z0-9+/=]/g, "");
  return [JSON.stringify(content), read(content), Buffer.from(skipping, "base64").toString()];
}

it("gives Base64 back as it came, with its line breaks, where nothing has to go", () => {
  for (const given of [base64("hello").replaceAll("=", ""), "aGVs\r\nbG8=", "", " "]) {
    const result = { contents: [holderOf("text/plain", given)] };
    expect(redactedOf("resource", result, emails, secrets).result).toBe(result);
  }
});

it("writes the alphabet for URLs anew, which readers of the other would read otherwise", () => {
  expect(blob("text/plain", Buffer.from("???>>>").toString("base64url"), emails)["blob"]).toBe(base64("???>>>"));
});

it("looks into one level of Base64, and not into what that holds", () => {
  const inner = base64(at);
  for (const text of [
    inner,
    JSON.stringify({ blob: inner, mimeType: "text/plain" }),
    JSON.stringify([{ contents: [{ blob: inner }] }]),
  ]) {
    expect(read(blob("application/json", base64(text), emails, secrets))).toBe(text);
  }
});

it("looks at JSON in a text of JSON in a blob", () => {
  const text = JSON.stringify({ text: JSON.stringify({ text: at }) });
  expect(read(blob("application/json", base64(text), emails))).toBe(text.replace(at, gone));
});

it("looks at what is in the place of Base64 and is no text", () => {
  expect(blob("text/plain", { of: [at] }, emails)).toEqual(holderOf("text/plain", { of: [gone] }));
  expect(blob("image/png", `no image: ${at}`, emails)).toEqual(holderOf("image/png", `no image: ${gone}`));
});

it("counts what is decoded against the limits", () => {
  const deep = `${"[".repeat(LIMITS.maxDepth + 1)}1${"]".repeat(LIMITS.maxDepth + 1)}`;
  const long = "x".repeat((LIMITS.maxCharacters * 3) / 5);
  for (const text of [deep, long]) {
    const result = { contents: [holderOf("application/json", base64(text))] };
    expect(redactResult("resource", result, [emails], hash)).toEqual({
      ok: false,
      reason: expect.stringMatching(/^It /),
    });
  }
});
