import { describe, expect, it } from "vitest";
import { createMask } from "../../src/upstream/link/mask.ts";
import { withWords, wordsIn } from "../../src/upstream/messages/said.ts";
import { answerRaw, legacyScript, modernScript, startRawUpstream } from "../support/raw-upstream.ts";
import { httpUpstream, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();
const words = (text: string) => wordsIn(Buffer.from(text), (found) => found);

describe("what a server says beside the protocol", () => {
  it.each([
    ['{"detail":"amount must be positive"}', "amount must be positive"],
    ['{"detail":[{"loc":["body","amount"],"msg":"must be positive","input":-5}]}', "must be positive"],
    ['{"type":"about:blank","title":"Not allowed","status":422,"detail":"no budget"}', "no budget"],
    ['{"error":{"code":"E1","message":"quota exceeded"}}', "quota exceeded"],
    ['{"error":"invalid_token","error_description":"it expired"}', "it expired"],
    ['{"errors":["one","two"]}', "one"],
    ['{"message":""}', undefined],
    ['{"status":422}', undefined],
    ['"just a text"', "just a text"],
    ["upstream connect error\r\n or   disconnect\t", "upstream connect error or disconnect"],
    ["\u001b[31mred\u001b[0m \u202eback", "red \\u{202e}back"],
    [`${"x".repeat(500)}`, `${"x".repeat(200)}…`],
    ["<html><body>Sign in</body></html>", undefined],
    ["  <!DOCTYPE html>", undefined],
    ['<?xml version="1.0"?><Error/>', undefined],
    ['{"detail":"cut', undefined],
    [`{"detail":${"[".repeat(7_000)}${"]".repeat(7_000)}}`, undefined],
    ["x".repeat(20_000), undefined],
    ["\u0000\u0001", undefined],
    ["", undefined],
  ])("%.60j is told as %.60j", (text, told) => {
    expect(words(text)).toBe(told);
  });

  it("is told without what the configuration gave it", () => {
    const headers = { authorization: "Bearer s3cr3t-token-1" };
    const mask = createMask({ kind: "http", url: "https://u:p4ssw0rd@x.test/mcp?key=k3y-of-query", headers });
    const text = "no s3cr3t-token-1, p4ssw0rd or k3y-of-query here";
    expect(wordsIn(Buffer.from(text), mask)).toBe("no […], […] or […] here");
  });

  it("is told to operators without the values of arguments", () => {
    const params = { name: "pay", arguments: { to: { iban: "DE89 3704" }, amount: 1234.5, note: "a" } };
    expect(withWords("HTTP 422.", "iban DE89 3704: 1234.5 is a lot", params)).toBe(
      "HTTP 422.\nIt says: iban […]: […] is a lot",
    );
  });
});

const STATUSES = [400, 404, 405, 409, 410, 422, 429, 500, 503];

it.each([
  ...STATUSES.map((status) => ["legacy", status] as const),
  ...STATUSES.map((status) => ["modern", status] as const),
])("%s, HTTP %i: the caller and the state say why a call failed", async (era, status) => {
  const script = era === "legacy" ? legacyScript : modernScript;
  const server = closing(
    await startRawUpstream(script((_request, response) => answerRaw(response, '{"detail":"no 4711 today"}', status))),
  );
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url)]));
  const up = await upstreamIn(upstreams, "up");
  const round = await up.session(testPeer("p")).request(toolCall("t", { order: 4711 }));
  expect(round).toMatchObject({ kind: "fault", fault: { said: "no 4711 today" } });
  expect(up.status().lastError).toMatch(/\nIt says: no \[…\] today$/);
});
