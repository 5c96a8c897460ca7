import { describe, expect, it } from "vitest";
import { Cancellation } from "../../src/core/cancellation.ts";
import { ERRORS, refusalText, refuse } from "../../src/core/errors.ts";
import { createCallIds, randomId } from "../../src/core/ids.ts";
import { RawJson } from "../../src/core/raw-json.ts";

describe("a cancellation", () => {
  it("tells each listener once, with the first reason", () => {
    const cancellation = new Cancellation();
    const heard: string[] = [];
    cancellation.onCancel((reason) => heard.push(`a:${reason}`));
    const takeBack = cancellation.onCancel((reason) => heard.push(`b:${reason}`));
    takeBack();
    cancellation.cancel("gone");
    cancellation.cancel("again");
    expect(heard).toEqual(["a:gone"]);
    expect(cancellation.reason).toBe("gone");
  });

  it("tells a listener that comes too late at once", () => {
    const cancellation = new Cancellation();
    cancellation.cancel("gone");
    const heard: string[] = [];
    cancellation.onCancel((reason) => heard.push(reason));
    expect(heard).toEqual(["gone"]);
  });
});

describe("call ids", () => {
  it("sort by time and never repeat", () => {
    let time = 1_790_000_000_000;
    const next = createCallIds(() => time);
    const ids = Array.from({ length: 1_000 }, () => {
      time += 1;
      return next();
    });
    expect([...ids].sort()).toEqual(ids);
    expect(new Set([...ids, next(), next()]).size).toBe(1_002);
    expect(ids[0]).toMatch(/^call_[0-9a-hjkmnp-tv-z]{26}$/);
  });

  it("random ids hold 128 bits", () => {
    expect(Buffer.from(randomId(), "base64url")).toHaveLength(16);
  });
});

describe("raw JSON", () => {
  it.each([
    ["at the start", '{"resultType":"complete","content":[]}', "complete"],
    ["at the end", '{"content":[],"resultType":"complete"}', "complete"],
    ["alone", '{"resultType":"complete"}', "complete"],
    ["in the middle", '{"a":1,"resultType":"complete","b":2}', "complete"],
    ["with an escape", '{"resultType":"com\\u0070lete"}', "complete"],
    ["as something else", '{"resultType":[1]}', [1]],
    ["after white space", '{ "resultType" : "complete" }', "complete"],
    ["twice: the last one counts", '{"resultType":"complete","x":1,"resultType":"input_required"}', "input_required"],
    ["only below", '{"content":[{"resultType":"input_required"}]}', undefined],
    ["only below, at the end", '{"content":[{"a":1,"resultType":"input_required"}]}', undefined],
    ["only in a text", '{"text":"{\\"resultType\\":\\"input_required\\"}"}', undefined],
    ["only in a text, at its end", '{"text":",\\"resultType\\":\\"x\\"}"}', undefined],
    ["not at all", '{"content":[]}', undefined],
  ])("finds a member that stands %s", (where, text, expected) => {
    expect(RawJson.fromBytes(Buffer.from(text)).member("resultType")).toEqual(expected);
    const parsed = RawJson.fromBytes(Buffer.from(text));
    parsed.value();
    expect(parsed.member("resultType")).toEqual(expected);
    // Names are known only of a text that has each of them once.
    if (where.startsWith("twice")) return;
    const names = new Set(Object.keys(JSON.parse(text)));
    expect(RawJson.fromBytes(Buffer.from(text), names).member("resultType")).toEqual(expected);
  });

  it("keeps the bytes as they came", () => {
    const bytes = Buffer.from('{ "a" : 1.0 }');
    expect(RawJson.fromBytes(bytes).bytes.toString()).toBe('{ "a" : 1.0 }');
  });
});

describe("the error table", () => {
  it("uses reserved MCP codes only with the meaning that the specification gives them", () => {
    const reserved = Object.entries(ERRORS).filter(([, entry]) => entry.rpc <= -32020 && entry.rpc >= -32099);
    expect(Object.fromEntries(reserved.map(([code, entry]) => [code, entry.rpc]))).toEqual({
      HEADER_MISMATCH: -32020,
      CAPABILITY_REQUIRED: -32021,
      VERSION_UNSUPPORTED: -32022,
    });
  });

  it("adds what is safe to show", () => {
    expect(refusalText(refuse("PARAMS_INVALID", "params.name is missing."))).toBe(
      "The parameters are not valid. params.name is missing.",
    );
  });
});
