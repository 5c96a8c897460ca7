import type { ServerResponse } from "node:http";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Cancellation } from "../../src/core/cancellation.ts";
import type { GuardPhase } from "../../src/core/decision.ts";
import { parseExact } from "../../src/core/exact-json.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { createGuards } from "../../src/guards/create-guards.ts";
import type { GuardAnswer, Guards } from "../../src/guards/guards.ts";
import { createInputSchemas } from "../../src/policy/input-schemas/input-schemas.ts";
import { policyInput } from "../support/policy-inputs.ts";
import { type LyingServer, says, startLyingServer } from "./lying-server.ts";

const SECRET = `whsec_${Buffer.alloc(24, 5).toString("base64")}`;
const LIMIT = 64 * 1024;

let server: LyingServer;
beforeAll(async () => {
  server = await startLyingServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.asked.length = 0;
});

function guardsAt(url: string, timeoutMs = 20_000): Guards {
  const webhook = {
    url,
    secret: SECRET,
    headers: { "x-team": "dlp", "webhook-id": "mine" },
    timeoutMs,
    maxBytes: LIMIT,
  };
  return createGuards([{ name: "dlp", webhook, extMcp: undefined, mcp: undefined }], {
    inputSchemas: createInputSchemas(),
    upstreams: { get: () => undefined },
    now: Date.now,
  });
}

function check(content: JsonObject, phase: GuardPhase = "request", timeoutMs?: number): Promise<GuardAnswer> {
  return guardsAt(server.url, timeoutMs).check("dlp", phase, policyInput(), content, new Cancellation());
}

describe("a question", () => {
  it("is signed JSON with the facts, the phase and the content, all digits kept", async () => {
    server.answer = says('{"decision":"pass"}');
    const content = parseExact('{"n":1.10,"big":100000000000000000000000}') as JsonObject;
    expect(await check(content, "result")).toEqual({ kind: "pass", labels: [] });
    const [{ headers, body } = { headers: {}, body: "" }] = server.asked;
    expect(new Webhook(SECRET).verify(body, headers as Record<string, string>)).toMatchObject({ phase: "result" });
    expect(Object.keys(JSON.parse(body))).toEqual(["phase", "user", "client", "tool", "args", "request", "content"]);
    expect(body).toContain('"content":{"n":1.10,"big":100000000000000000000000}');
    expect(headers).toMatchObject({ "x-team": "dlp", "webhook-id": expect.stringMatching(/^guard_/) });
    expect(headers["authorization"]).toBeUndefined();
  });

  it("that is too large is not sent", async () => {
    expect(await check({ text: "x".repeat(LIMIT) })).toMatchObject({
      kind: "error",
      error: expect.stringMatching(/larger/),
    });
    expect(server.asked).toEqual([]);
  });

  it("is not asked of a guard that is not there, nor for who has gone", async () => {
    const guards = guardsAt(server.url);
    const gone = new Cancellation();
    gone.cancel("gone");
    expect(await guards.check("other", "request", policyInput(), {}, new Cancellation())).toMatchObject({
      kind: "error",
    });
    expect(await guards.check("dlp", "request", policyInput(), {}, gone)).toMatchObject({ kind: "error" });
    expect(server.asked).toEqual([]);
  });
});

describe("an answer", () => {
  it.each<[answer: string, phase: GuardPhase, GuardAnswer]>([
    ['{"decision":"pass","labels":["pii"]}', "request", { kind: "pass", labels: ["pii"] }],
    ['{"decision":"pass","message":null,"arguments":null,"labels":null}', "request", { kind: "pass", labels: [] }],
    ['{"decision":"deny"}', "result", { kind: "deny", message: undefined, labels: [] }],
    [
      '{"decision":"deny","message":"No \\u202ecards"}',
      "request",
      { kind: "deny", message: "No [U+202E]cards", labels: [] },
    ],
    ['{"decision":"replace","arguments":{"a":1}}', "request", { kind: "replace", content: { a: 1 }, labels: [] }],
    [
      '{"decision":"replace","result":{"content":[]}}',
      "result",
      { kind: "replace", content: { content: [] }, labels: [] },
    ],
  ])("is read: %s", async (text, phase, answer) => {
    server.answer = says(text);
    expect(await check({ a: "b" }, phase)).toEqual(answer);
  });

  it("keeps the digits of what it replaces", async () => {
    server.answer = says('{"decision":"replace","arguments":{"n":1.10}}');
    const answer = await check({});
    expect(answer.kind === "replace" && answer.content["n"]).toMatchObject({ text: "1.10" });
  });

  it("has a message that is bounded", async () => {
    server.answer = says(JSON.stringify({ decision: "deny", message: "\u202e".repeat(5_000) }));
    const answer = await check({});
    expect(answer.kind === "deny" && (answer.message ?? "").length).toBeLessThanOrEqual(1_000);
  });

  const deep = `${'{"a":'.repeat(200)}1${"}".repeat(200)}`;
  it.each<[why: string, text: string | Buffer, phase?: GuardPhase]>([
    ["nothing", ""],
    ["no JSON", "<html>"],
    ["half of it", '{"decision":"pa'],
    ["another type", '["pass"]'],
    ["a text", '"pass"'],
    ["null", "null"],
    ["no decision", "{}"],
    ["a decision that is not known", '{"decision":"allow"}'],
    ["another case", '{"decision":"Pass"}'],
    ["a decision of another type", '{"decision":true}'],
    ["a list as decision", '{"decision":["pass"]}'],
    ["a member that is not known", '{"decision":"pass","argumnets":{}}'],
    ["a name of the language", '{"decision":"pass","__proto__":{"a":1}}'],
    ["a name twice", '{"decision":"deny","decision":"pass"}'],
    ["a name twice, escaped", '{"decision":"deny","d\\u0065cision":"pass"}'],
    ["a pass with arguments", '{"decision":"pass","arguments":{}}'],
    ["a deny with a result", '{"decision":"deny","result":{}}', "result"],
    ["nothing to replace with", '{"decision":"replace"}'],
    ["both", '{"decision":"replace","arguments":{},"result":{}}'],
    ["a result for a request", '{"decision":"replace","result":{}}'],
    ["arguments for a result", '{"decision":"replace","arguments":{}}', "result"],
    ["arguments that are a list", '{"decision":"replace","arguments":[]}'],
    ["arguments that are a text", '{"decision":"replace","arguments":"{}"}'],
    ["a message of another type", '{"decision":"deny","message":{"a":1}}'],
    ["labels of another type", '{"decision":"pass","labels":"pii"}'],
    ["labels in labels", '{"decision":"pass","labels":[["pii"]]}'],
    ["an empty label", '{"decision":"pass","labels":[""]}'],
    ["too many labels", JSON.stringify({ decision: "pass", labels: Array.from({ length: 21 }, () => "a") })],
    ["a long label", JSON.stringify({ decision: "pass", labels: ["a".repeat(101)] })],
    ["depth", `{"decision":"replace","arguments":${deep}}`],
    ["a number that two readers read differently", '{"decision":"replace","arguments":{"n":9007199254740993}}'],
    ["no UTF-8", Buffer.from([0x7b, 0xff, 0x7d])],
    ["10 MB", `{"decision":"pass","message":"${"x".repeat(10_000_000)}"}`],
  ])("is an error that says nothing of what it holds: %s", async (_, text, phase = "request") => {
    server.answer = says(text);
    const answer = await check({ secret: "4711-secret" }, phase);
    expect(answer.kind).toBe("error");
    expect(JSON.stringify(answer)).not.toMatch(/4711|xxx|pii/);
  });

  it.each([201, 202, 204, 302, 307, 400, 401, 410, 500, 503])("with status %d is an error", async (status) => {
    server.answer = says(status === 204 ? "" : '{"decision":"pass"}', status, { location: server.url });
    expect(await check({})).toEqual({ kind: "error", error: `It answered with status ${status}.` });
    expect(server.asked).toHaveLength(1);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ["never comes", () => {}],
    ["stops in its head", (response) => void response.socket?.write("HTTP/1.1 200 OK\r\ncontent-")],
    ["stops in its body", (response) => void response.writeHead(200).write('{"decision":"pass"')],
    [
      "drips",
      (response) => {
        const timer = setInterval(() => response.write(" "), 10);
        response.writeHead(200).on("close", () => clearInterval(timer));
      },
    ],
  ])("that %s is waited for until the deadline", async (_, lie) => {
    server.answer = lie;
    expect(await check({}, "request", 150)).toEqual({ kind: "error", error: "It did not answer in time." });
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ["cut off", (response) => void response.destroy()],
    [
      "shorter than it says",
      (response) => void response.writeHead(200, { "content-length": "100" }).write("{", () => response.destroy()),
    ],
    ["no HTTP", (response) => void response.socket?.end("hello\r\n\r\n")],
    [
      "one interim answer after the other",
      (response) => {
        for (let n = 0; n < 40_000; n++)
          response.socket?.write("HTTP/1.1 103 Early Hints\r\nx: 0123456789012345678901234567890123456789\r\n\r\n");
      },
    ],
  ])("that is %s is an error", async (_, lie) => {
    server.answer = lie;
    expect(await check({})).toMatchObject({ kind: "error", error: expect.stringMatching(/^It could not be asked: /) });
  });

  it("that is compressed is not read", async () => {
    server.answer = says(Buffer.from("1f8b0800", "hex"), 200, { "content-encoding": "gzip" });
    expect(await check({})).toMatchObject({ kind: "error" });
  });

  it("is waited for no longer than its request", async () => {
    const cancellation = new Cancellation();
    server.answer = () => cancellation.cancel("gone");
    expect(await guardsAt(server.url).check("dlp", "request", policyInput(), {}, cancellation)).toEqual({
      kind: "error",
      error: "The request was given up.",
    });
  });

  it("is an error where nobody listens", async () => {
    const other = await startLyingServer();
    await other.close();
    const answer = await guardsAt(other.url).check("dlp", "request", policyInput(), {}, new Cancellation());
    expect(answer).toEqual({ kind: "error", error: "It could not be asked: ECONNREFUSED." });
  });
});

describe("many questions at once", () => {
  it("of one person take half of the places, wait in a bounded row, and are errors beyond it", async () => {
    const open: ServerResponse[] = [];
    server.answer = (response) => void open.push(response);
    const guards = guardsAt(server.url);
    const answers = Array.from({ length: 100 }, () =>
      guards.check("dlp", "request", policyInput(), {}, new Cancellation()),
    );
    expect(await Promise.all(answers.slice(96))).toEqual(
      Array.from({ length: 4 }, () => ({ kind: "error", error: "Too many questions wait for it." })),
    );
    await expect.poll(() => open.length).toBe(32);
    server.answer = says('{"decision":"pass"}');
    for (const response of open) says('{"decision":"pass"}')(response);
    expect(new Set((await Promise.all(answers.slice(0, 96))).map(({ kind }) => kind))).toEqual(new Set(["pass"]));
  });
});

it("a secret that cannot be used is found when guards are made", () => {
  const webhook = { url: server.url, secret: "whsec_%", headers: {}, timeoutMs: 1, maxBytes: 1 };
  expect(() =>
    createGuards([{ name: "dlp", webhook, extMcp: undefined, mcp: undefined }], {
      inputSchemas: createInputSchemas(),
      upstreams: { get: () => undefined },
      now: Date.now,
    }),
  ).toThrow(/base64/);
});
