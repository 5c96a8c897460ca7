import { afterAll, describe, expect, it } from "vitest";
import { Cancellation } from "../../src/core/cancellation.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { RawJson } from "../../src/core/raw-json.ts";
import { createResultGuard } from "../../src/gateway/steps/result-guard.ts";
import { createLongRedactions } from "../../src/redaction/long-redactions.ts";
import { keepingLog } from "../support/audit.ts";
import { policyInput, policySet } from "../support/policy-inputs.ts";

const longRedactions = createLongRedactions({ secret: new Uint8Array(32), purpose: "test" });
afterAll(() => longRedactions.close());

const EMAIL = "ann@example.com";
const MARK = "[redacted:email]";

const ALWAYS = "policies: [{ id: emails, then: { redact: { detect: [email] } } }]";
const ERRORS_ONLY = "policies: [{ id: emails, when: result.is_error, then: { redact: { detect: [email] } } }]";

function guardOf(policies: string, cancellation = new Cancellation()) {
  const log = keepingLog();
  const guard = createResultGuard({
    set: policySet(policies),
    input: policyInput(),
    hash: () => "0".repeat(64),
    longRedactions,
    log,
    cancellation,
  });
  return { guard, log };
}

const raw = (result: JsonObject) => RawJson.fromBytes(Buffer.from(JSON.stringify(result)));

function nested(depth: number): JsonObject {
  return depth === 0 ? { email: EMAIL } : { in: nested(depth - 1) };
}

describe("a result", () => {
  it("passes as it is where nothing has to go, and is remembered as looked at", () => {
    const { guard } = guardOf(ALWAYS);
    const clean = raw({ content: [{ type: "text", text: "hello" }] });
    expect(guard.result(clean)).toBe(clean);
    expect(guard.matched()).toEqual([{ policy: "emails", effect: "redact", because: "condition" }]);
  });

  it("that nobody waits for any more is not searched to its end, and that is no fault", async () => {
    const cancellation = new Cancellation();
    const { guard, log } = guardOf(ALWAYS, cancellation);
    const answer = guard.anyResult(raw({ content: [{ type: "text", text: EMAIL.repeat(200_000) }] }));
    cancellation.cancel("the client went away");
    expect(await answer).toBeUndefined();
    expect(log.lines).toEqual([]);
  });

  it("is judged by its texts, its structure and whether it is an error", () => {
    const failed = raw({ content: [{ type: "text", text: EMAIL }], isError: true });
    const good = raw({ content: [{ type: "text", text: EMAIL }] });
    expect(guardOf(ERRORS_ONLY).guard.result(failed)?.bytes.toString()).toContain(MARK);
    const { guard } = guardOf(ERRORS_ONLY);
    expect(guard.result(good)).toBe(good);
    expect(guard.matched()).toEqual([]);
    const texts = 'policies: [{ id: p, when: result.text == "a\\nb\\nc", then: { redact: { paths: ["$.n"] } } }]';
    const blocks = raw({
      content: [
        { type: "text", text: "a" },
        { type: "image", data: "" },
        { type: "text", text: "b" },
        { type: "resource", resource: { uri: "file:///c", text: "c" } },
      ],
      structuredContent: { n: 1, m: 2 },
    });
    expect(guardOf(texts).guard.result(blocks)?.value()).toMatchObject({
      structuredContent: { n: "[redacted]", m: 2 },
    });
    const structure = "policies: [{ id: p, when: result.structured.n == 1.0, then: { redact: { paths: [$.n] } } }]";
    expect(guardOf(structure).guard.result(blocks)?.value()).toMatchObject({ structuredContent: { n: "[redacted]" } });
  });

  it("that is long is looked at beside the event loop, and comes out the same", async () => {
    const { guard, log } = guardOf(ALWAYS);
    const long = (text: string) => raw({ content: [{ type: "text", text: `${text} ${"x ".repeat(20_000)}` }] });
    const clean = long("hello");
    expect(await guard.anyResult(clean)).toBe(clean);
    const found = await guard.anyResult(long(EMAIL));
    expect(found?.value()).toEqual(guard.result(long(EMAIL))?.value());
    expect(found?.bytes.toString()).toContain(MARK);
    expect(log.lines).toEqual([]);
  });

  it.each([
    ["is nested too deeply to be searched", raw({ structuredContent: nested(70) })],
    ["is no JSON after all", RawJson.fromBytes(Buffer.from(`{"content":[${EMAIL}]}`))],
    ["is no object", RawJson.fromBytes(Buffer.from(`["${EMAIL}"]`))],
  ])("is withheld when it %s, and the log says so without a word of it", (_why, result) => {
    const { guard, log } = guardOf(ALWAYS);
    expect(guard.result(result)).toBeUndefined();
    expect(log.lines).toMatchObject([{ level: "error", fields: { tool: "create_expense", upstream: "expenses" } }]);
    expect(JSON.stringify(log.lines)).not.toContain(EMAIL);
  });
});

describe("what comes beside a result", () => {
  it.each([ALWAYS, ERRORS_ONLY])("is judged as if the result were not known: %s", (policies) => {
    const { guard } = guardOf(policies);
    expect(guard.error({ code: -32050, message: `No ${EMAIL}.`, data: { to: [EMAIL] } })).toEqual({
      code: -32050,
      message: `No ${MARK}.`,
      data: { to: [MARK] },
    });
    expect(guard.error({ code: 1, message: "No." })).toEqual({ code: 1, message: "No." });
    expect(guard.notification({ method: "notifications/message", params: { level: "info", data: EMAIL } })).toEqual({
      method: "notifications/message",
      params: { level: "info", data: MARK },
    });
    const asks = { [EMAIL]: { method: "elicitation/create", params: { message: `Write to ${EMAIL}?` } } };
    // The key goes back to the server with the answer.
    expect(guard.inputRequests(asks)).toEqual({
      [EMAIL]: { method: "elicitation/create", params: { message: `Write to ${MARK}?` } },
    });
    expect(guard.matched()).toMatchObject([{ policy: "emails" }]);
  });

  it("counts for the record only where something came", () => {
    const { guard } = guardOf(ERRORS_ONLY);
    expect(guard.beside().length).toBe(1);
    expect(guard.matched()).toEqual([]);
  });

  it("is given out without its content when it cannot be searched", () => {
    const { guard } = guardOf(ALWAYS);
    expect(guard.notification({ method: "m", params: nested(70) })).toEqual({ method: "m", params: {} });
    expect(guard.error({ code: 1, message: EMAIL, data: nested(70) })).toEqual({ code: 1, message: "[redacted]" });
  });
});
