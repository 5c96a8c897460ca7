import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { Cancellation } from "../../src/core/cancellation.ts";
import { parseExact } from "../../src/core/exact-json.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { createDecisionPoints, type OpenDecisionPoints } from "../../src/decision-points/create-decision-points.ts";
import type { PointAnswer } from "../../src/decision-points/decision-points.ts";
import { requestFacts } from "../../src/policy/request-facts.ts";
import { eventually } from "../support/eventually.ts";
import { answerJson, type PointServer, startPointServer } from "../support/point-server.ts";
import { policyInput } from "../support/policy-inputs.ts";

const open: Array<{ close(): Promise<void> }> = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

interface World {
  readonly points: OpenDecisionPoints;
  readonly server: PointServer;
}

async function world(
  answer: (response: ServerResponse, nth: number) => void,
  timeoutMs = 30_000,
  maxBytes = 4096,
): Promise<World> {
  let nth = 0;
  const server = await startPointServer((response) => {
    nth += 1;
    answer(response, nth);
  });
  const common = { headers: { Authorization: "Bearer s3cret" }, timeoutMs, maxBytes };
  const points = createDecisionPoints([{ name: "opa", opa: { url: server.url, path: "mcp/allow", ...common } }]);
  open.push(points, server);
  return { points, server };
}

const ask = ({ points }: World, sketch = {}, cancellation = new Cancellation()): Promise<PointAnswer> =>
  points.ask("opa", policyInput(sketch), cancellation);

const ALLOW: PointAnswer = { kind: "allow" };
const deny = (reason?: string): PointAnswer => ({ kind: "deny", reason });
const error = (text: string): object => ({ kind: "error", error: expect.stringContaining(text) });

const ANSWERS: ReadonlyArray<readonly [answer: string, means: object]> = [
  ['{"result":true}', ALLOW],
  ['{"result":false}', deny()],
  ['{"result":true,"decision_id":"x","metrics":{}}', ALLOW],
  ['{"result":{"allow":true}}', ALLOW],
  ['{"result":{"allow":false}}', deny()],
  ['{"result":{"allow":false,"reason":"Not\\nat \\u202enight.\\u0007"}}', deny("Not at night.")],
  ['{"result":{"allow":true,"reason":"fine"}}', ALLOW],
  ['{"result":{"allow":false,"reason":""}}', deny()],
  ["{}", error("undefined")],
  ['{"result":null}', error("neither true nor false")],
  ['{"result":"true"}', error("neither true nor false")],
  ['{"result":1}', error("neither true nor false")],
  ['{"result":1.0}', error("neither true nor false")],
  ['{"result":[true]}', error("neither true nor false")],
  ['{"result":{}}', error("allow")],
  ['{"result":{"allow":"true"}}', error("allow")],
  ['{"result":{"allow":1}}', error("allow")],
  ['{"result":{"allow":null}}', error("allow")],
  ['{"result":{"allow":true,"reason":["no"]}}', error("reason")],
  ['{"result":{"allow":true,"deny":true}}', error("other members")],
  ['{"result":{"allow":true,"obligations":["log"]}}', error("other members")],
  ['{"result":false,"result":true}', error("twice")],
  ['{"result":{"allow":false,"allow":true}}', error("twice")],
  ['{"result":{"allow":false,"\\u0061llow":true}}', error("twice")],
  ['{"result":{"allow":true,"Allow":false}}', error("twice")],
  ['{"result":true}{"result":false}', error("no JSON")],
  ['{"result":true', error("no JSON")],
  ["", error("no JSON")],
  ["true", error("no JSON object")],
  ["[true]", error("no JSON object")],
  [`{"result":${"[".repeat(50_00)}true${"]".repeat(50_00)}}`, error("too deep")],
  [`{"result":[${"1,".repeat(6_000)}1]}`, error("too deep or holds too much")],
  [`{"result":true,"__proto__":{}}`, error("two readers")],
];

describe("an OPA server that is asked", () => {
  it("is posted the facts of the request below its path, over a kept connection", async () => {
    const it = await world((response) => answerJson(response, { result: true }));
    const args = parseExact('{"n":9007199254740993,"m":1.50}') as JsonObject;
    expect(await ask(it, { arguments: args })).toEqual(ALLOW);
    for (let more = 0; more < 5; more++) expect(await ask(it)).toEqual(ALLOW);
    const [first] = it.server.asked;
    expect(first).toMatchObject({ method: "POST", path: "/v1/data/mcp/allow" });
    expect(first?.headers).toMatchObject({ "content-type": "application/json", authorization: "Bearer s3cret" });
    expect(first?.body).toContain('"args":{"n":9007199254740993,"m":1.50}');
    const facts = requestFacts(policyInput({ arguments: args }));
    expect(JSON.parse(first?.body ?? "")).toEqual({ input: JSON.parse(JSON.stringify(facts)) });
    expect(it.server.connections()).toBeLessThan(it.server.asked.length);
  });

  it.each(ANSWERS)("answers %.80s", async (text, means) => {
    expect(await ask(await world((response) => answerJson(response, text)))).toEqual(means);
  });

  it("gives a reason of 1,000 characters at most", async () => {
    const it = await world((response) => answerJson(response, { result: { allow: false, reason: "é".repeat(9_000) } }));
    const answer = await ask(it);
    expect(answer).toMatchObject({ kind: "deny", reason: expect.stringMatching(/^é{999}…$/) });
  });

  it.each([201, 204, 300, 301, 302, 307, 308, 400, 401, 403, 404, 429, 500, 503])(
    "says nothing with status %d, whatever its body says, and nobody is sent elsewhere",
    async (status) => {
      const elsewhere = await startPointServer((response) => answerJson(response, { result: true }));
      open.push(elsewhere);
      const it = await world((response) => answerJson(response, { result: true }, status, { location: elsewhere.url }));
      expect(await ask(it)).toEqual(error(`status ${status}`));
      expect(elsewhere.asked).toEqual([]);
    },
  );

  it("says nothing in ten megabytes, and no more than a little of them is read", async () => {
    let written = 0;
    const it = await world((response) => {
      response.writeHead(200);
      const piece = Buffer.alloc(65_536, " ");
      const more = (): void => {
        while (written < 10_000_000 && !response.destroyed) {
          written += piece.length;
          if (!response.write(piece)) {
            response.once("drain", more);
            return;
          }
        }
        response.end('{"result":true}');
      };
      more();
    });
    expect(await ask(it)).toEqual(error("too large an answer"));
  });

  it("says nothing in a packed answer", async () => {
    const packed = gzipSync('{"result":true}');
    const it = await world((response) => response.writeHead(200, { "content-encoding": "gzip" }).end(packed));
    expect(await ask(it)).toEqual(error("packed"));
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ["never answers", () => {}],
    ["stalls within its head", (response) => void response.socket?.write("HTTP/1.1 200 OK\r\nx: ")],
    ["stalls within its body", (response) => void response.writeHead(200).write('{"result":')],
    ["goes on for ever", (response) => void response.socket?.write("HTTP/1.1 103 Early Hints\r\n\r\n")],
  ])("has its deadline when it %s", async (_, answer) => {
    expect(await ask(await world(answer, 50))).toEqual(error("within 50 ms"));
  });

  it.each<[string, (response: ServerResponse) => void, string]>([
    ["before an answer", (response) => response.socket?.destroy(), "could not be asked"],
    ["within an answer", (response) => void response.writeHead(200).write("{", () => response.destroy()), "within an"],
    ["with garbage", (response) => response.socket?.end("garbage\r\n\r\n"), "could not be asked"],
  ])("says nothing when its connection ends %s", async (_, answer, text) => {
    expect(await ask(await world(answer))).toEqual(error(text));
  });

  it("is asked once more where a kept connection was gone", async () => {
    const it = await world((response, nth) => {
      if (nth === 2) response.socket?.destroy();
      else answerJson(response, { result: true });
    });
    expect(await ask(it)).toEqual(ALLOW);
    expect(await ask(it)).toEqual(ALLOW);
    expect(it.server.asked).toHaveLength(3);
  });

  it("says nothing once it is gone, and is asked again when it is back", async () => {
    const it = await world((response) => answerJson(response, { result: true }));
    await it.server.close();
    expect(await ask(it)).toEqual(error("ECONNREFUSED"));
  });

  it("is not asked about a request that is too long, and the error says nothing of it", async () => {
    const it = await world((response) => answerJson(response, { result: true }));
    const answer = await ask(it, { arguments: { text: "hush".repeat(2_000) } });
    expect(answer).toEqual(error("4096 bytes"));
    expect(JSON.stringify(answer)).not.toContain("hush");
    expect(it.server.asked).toEqual([]);
  });

  it("is not asked for who has given the request up", async () => {
    const it = await world(() => {});
    const before = new Cancellation();
    before.cancel("gone");
    expect(await ask(it, {}, before)).toEqual(error("given up"));
    expect(it.server.asked).toEqual([]);

    const meanwhile = new Cancellation();
    const answer = ask(it, {}, meanwhile);
    await eventually(async () => (it.server.asked.length === 1 ? true : undefined));
    meanwhile.cancel("gone");
    expect(await answer).toEqual(error("given up"));
  });

  it("has so many questions at once, and no person has them all", async () => {
    const waiting: ServerResponse[] = [];
    const it = await world((response) => void waiting.push(response));
    const cancellation = new Cancellation();
    const many = Array.from({ length: 100 }, () => ask(it, {}, cancellation));
    // One has half of the places; of the others so many wait, and the rest hears that at once.
    expect(await Promise.race(many)).toEqual(error("Too many"));
    await eventually(async () => (waiting.length === 16 ? true : undefined));
    const other = ask(it, { principal: { subject: "u-2", email: "bob@example.com" } });
    await eventually(async () => (waiting.length === 17 ? true : undefined));
    for (const response of waiting.splice(0)) answerJson(response, { result: true });
    expect(await other).toEqual(ALLOW);
    await eventually(async () => (waiting.length === 16 ? true : undefined));
    cancellation.cancel("gone");
    const answers = await Promise.all(many);
    expect(answers.filter(({ kind }) => kind === "allow")).toHaveLength(16);
    // All places are free again.
    const last = ask(it);
    await eventually(async () => (waiting.length === 17 ? true : undefined));
    answerJson(waiting.at(-1) as ServerResponse, { result: true });
    expect(await last).toEqual(ALLOW);
  });

  it("is an error under a name that nobody has configured", async () => {
    const { points } = await world(() => {});
    expect(await points.ask("constructor", policyInput(), new Cancellation())).toEqual(error("no decision point"));
  });
});
