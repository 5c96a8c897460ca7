import { describe, expect, it } from "vitest";
import { APPROVALS, createSealedTexts } from "../../src/approvals/lifecycle/sealed-parts.ts";
import { createSeal } from "../../src/core/seal.ts";

const seal = createSeal(new Uint8Array(32), APPROVALS);
const texts = createSealedTexts(seal);
const ARGUMENTS = '{"amount":1.50,"to":"Müller"}';
const RESULT = Buffer.from([0, 255, 128, 10]);

/** As requests were sealed before: `text` within JSON. */
const sealedBefore = (id: string, part: string, text: string): string =>
  seal.seal({ request: id, part, value: { text } }, Number.MAX_SAFE_INTEGER);

describe.each([
  ["sealed now", texts.sealArguments("apr_1", ARGUMENTS), texts.sealResult("apr_1", RESULT)],
  [
    "sealed before",
    sealedBefore("apr_1", "arguments", ARGUMENTS),
    sealedBefore("apr_1", "result", RESULT.toString("latin1")),
  ],
])("arguments and a result that were %s", (_, sealedArguments, sealedResult) => {
  it("open as they were", () => {
    expect(texts.openArguments("apr_1", sealedArguments)).toBe(ARGUMENTS);
    expect(texts.openResult("apr_1", sealedResult)).toEqual(RESULT);
    expect(texts.opens("apr_1", "arguments", sealedArguments)).toBe(true);
    expect(texts.opens("apr_1", "result", sealedResult)).toBe(true);
  });

  it("open neither as another request's nor as another part", () => {
    expect(texts.openArguments("apr_2", sealedArguments)).toBeUndefined();
    expect(texts.openResult("apr_2", sealedResult)).toBeUndefined();
    expect(texts.openArguments("apr_1", sealedResult)).toBeUndefined();
    expect(texts.openResult("apr_1", sealedArguments)).toBeUndefined();
    expect(texts.opens("apr_1", "result", sealedArguments)).toBe(false);
  });
});
