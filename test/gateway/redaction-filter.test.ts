import { afterAll, describe, expect, it } from "vitest";
import { Cancellation } from "../../src/core/cancellation.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { RawJson } from "../../src/core/raw-json.ts";
import { createRedactionFilter } from "../../src/gateway/filters/redaction-filter.ts";
import { createLongRedactions } from "../../src/redaction/long-redactions.ts";
import { keepingLog } from "../support/audit.ts";
import { policyInput, policySet } from "../support/policy-inputs.ts";

const longRedactions = createLongRedactions({ secret: new Uint8Array(32), purpose: "test" });
afterAll(() => longRedactions.close());

const EMAIL = "ann@example.com";
const MARK = "[redacted:email]";

const ALWAYS = "policies: [{ id: emails, then: { redact: { detect: [email] } } }]";
const ERRORS_ONLY = "policies: [{ id: emails, when: result.is_error, then: { redact: { detect: [email] } } }]";

function filterOf(policies: string, cancellation = new Cancellation()) {
  const log = keepingLog();
  const filter = createRedactionFilter({
    set: policySet(policies),
    input: policyInput(),
    hash: () => "0".repeat(64),
    longRedactions,
    log,
    cancellation,
  });
  return { filter, log };
}

const raw = (result: JsonObject) => RawJson.fromBytes(Buffer.from(JSON.stringify(result)));

function nested(depth: number): JsonObject {
  return depth === 0 ? { email: EMAIL } : { in: nested(depth - 1) };
}

describe("a result", () => {
  it("passes as it is where nothing has to go, and is remembered as looked at", () => {
    const { filter } = filterOf(ALWAYS);
    const clean = raw({ content: [{ type: "text", text: "hello" }] });
    expect(filter.result(clean)).toBe(clean);
    expect(filter.matched()).toEqual([{ policy: "emails", effect: "redact", because: "condition" }]);
  });

  it("that nobody waits for any more is not searched to its end, and that is no fault", async () => {
    const cancellation = new Cancellation();
    const { filter, log } = filterOf(ALWAYS, cancellation);
    const answer = filter.result(raw({ content: [{ type: "text", text: EMAIL.repeat(200_000) }] }));
    cancellation.cancel("the client went away");
    expect(await answer).toBeUndefined();
    expect(log.lines).toEqual([]);
  });

  it("is judged by its texts, its structure and whether it is an error", async () => {
    const failed = raw({ content: [{ type: "text", text: EMAIL }], isError: true });
    const good = raw({ content: [{ type: "text", text: EMAIL }] });
    expect((await filterOf(ERRORS_ONLY).filter.result(failed))?.bytes.toString()).toContain(MARK);
    const { filter } = filterOf(ERRORS_ONLY);
    expect(filter.result(good)).toBe(good);
    expect(filter.matched()).toEqual([]);
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
    expect((await filterOf(texts).filter.result(blocks))?.value()).toMatchObject({
      structuredContent: { n: "[redacted]", m: 2 },
    });
    const structure = "policies: [{ id: p, when: result.structured.n == 1.0, then: { redact: { paths: [$.n] } } }]";
    expect((await filterOf(structure).filter.result(blocks))?.value()).toMatchObject({
      structuredContent: { n: "[redacted]" },
    });
  });

  it("that is long is looked at beside the event loop, and comes out the same", async () => {
    const { filter, log } = filterOf(ALWAYS);
    const long = (text: string) => raw({ content: [{ type: "text", text: `${text} ${"x ".repeat(20_000)}` }] });
    const clean = long("hello");
    expect(await filter.result(clean)).toBe(clean);
    const found = await filter.result(long(EMAIL));
    expect(found?.value()).toEqual(long(MARK).value());
    expect(found?.bytes.toString()).toContain(MARK);
    expect(log.lines).toEqual([]);
  });

  it.each([
    ["is nested too deeply to be searched", raw({ structuredContent: nested(70) })],
    ["is no JSON after all", RawJson.fromBytes(Buffer.from(`{"content":[${EMAIL}]}`))],
    ["is no object", RawJson.fromBytes(Buffer.from(`["${EMAIL}"]`))],
  ])("is withheld when it %s, and the log says so without a word of it", (_why, result) => {
    const { filter, log } = filterOf(ALWAYS);
    expect(filter.result(result)).toBeUndefined();
    expect(log.lines).toMatchObject([{ level: "error", fields: { tool: "create_expense", upstream: "expenses" } }]);
    expect(JSON.stringify(log.lines)).not.toContain(EMAIL);
  });
});

describe("what comes beside a result", () => {
  it.each([ALWAYS, ERRORS_ONLY])("is judged as if the result were not known: %s", (policies) => {
    const { filter } = filterOf(policies);
    expect(filter.error({ code: -32050, message: `No ${EMAIL}.`, data: { to: [EMAIL] } })).toEqual({
      code: -32050,
      message: `No ${MARK}.`,
      data: { to: [MARK] },
    });
    expect(filter.error({ code: 1, message: "No." })).toEqual({ code: 1, message: "No." });
    expect(filter.notification({ method: "notifications/message", params: { level: "info", data: EMAIL } })).toEqual({
      method: "notifications/message",
      params: { level: "info", data: MARK },
    });
    const asks = { [EMAIL]: { method: "elicitation/create", params: { message: `Write to ${EMAIL}?` } } };
    // The key goes back to the server with the answer.
    expect(filter.inputRequests(asks)).toEqual({
      [EMAIL]: { method: "elicitation/create", params: { message: `Write to ${MARK}?` } },
    });
    expect(filter.matched()).toMatchObject([{ policy: "emails" }]);
  });

  it("counts for the record only where something came", () => {
    const { filter } = filterOf(ERRORS_ONLY);
    expect(filter.beside().length).toBe(1);
    expect(filter.matched()).toEqual([]);
  });

  it("is given out without its content when it cannot be searched", () => {
    const { filter } = filterOf(ALWAYS);
    expect(filter.notification({ method: "m", params: nested(70) })).toEqual({ method: "m", params: {} });
    expect(filter.error({ code: 1, message: EMAIL, data: nested(70) })).toEqual({ code: 1, message: "[redacted]" });
  });
});
