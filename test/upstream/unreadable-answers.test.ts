import { describe, expect, it } from "vitest";
import { openLegacyLink } from "../../src/upstream/link/legacy.ts";
import { ModernLink } from "../../src/upstream/link/modern.ts";
import { createIntake } from "../../src/upstream/messages/intake.ts";
import { plainRequest } from "../../src/upstream/messages/plain-request.ts";
import { readIncoming } from "../../src/upstream/messages/response-envelope.ts";
import type { MessageChannelEvents } from "../../src/upstream/process/message-channel.ts";
import { recordingLog } from "../support/recording-log.ts";

const DEEP = "[".repeat(100) + "]".repeat(100);

/** Answers to request 3 that are not taken. */
const ANSWERS = {
  "members that read alike": '{"jsonrpc":"2.0","id":3,"result":{"content":[],"Content":[]}}',
  "members that read alike, id last": '{"result":{"content":[],"Content":[]},"jsonrpc":"2.0","id":3}',
  "members that read alike, far from the id": `{"jsonrpc":"2.0","result":{"content":[],"Content":[]},"id":3,"x":"${"y".repeat(200)}"}`,
  "written with spaces": '{"jsonrpc": "2.0", "id": 3, "result": {"content": [], "Content": []}}',
  "its id in another spelling": '{"jsonrpc":"2.0","Id":3,"result":{"content":[]}}',
  "its result in another spelling": '{"jsonrpc":"2.0","id":3,"Result":{"content":[]}}',
  "a result that is no object": '{"jsonrpc":"2.0","id":3,"result":7}',
  "result and error": '{"jsonrpc":"2.0","id":3,"result":{},"error":{"code":1,"message":"m"}}',
  "an error without code and words": '{"jsonrpc":"2.0","id":3,"error":{"reason":"m"}}',
  "an error that is a number": '{"jsonrpc":"2.0","id":3,"error":7}',
  "nothing but nulls": '{"jsonrpc":"2.0","id":3,"result":null,"error":null}',
  "a result and words of an error": '{"jsonrpc":"2.0","id":3,"result":{},"error":"m"}',
  "nothing but an envelope": '{"jsonrpc":"2.0","id":3}',
  "another version": '{"jsonrpc":"1.0","id":3,"result":{}}',
  "no JSON in a good envelope": '{"jsonrpc":"2.0","id":3,"result":{"a":}}',
  "a second message on its line": '{"jsonrpc":"2.0","id":3,"result":{}}{"jsonrpc":"2.0","id":9,"result":{}}',
  "its id as text, members that read alike": '{"jsonrpc":"2.0","id":"3","result":{"content":[],"Content":[]}}',
  "its id as text, no JSON": '{"jsonrpc":"2.0","id":"3","result":{"a":}}',
  "alone in a list, a result that is no object": '[{"jsonrpc":"2.0","id":3,"result":7}]',
  "too deep": `{"jsonrpc":"2.0","id":3,"result":{"a":${DEEP}}}`,
  "too deep, id last": `{"result":{"a":${DEEP}},"jsonrpc":"2.0","id":3}`,
};

/** Lines that nobody can say of that they answer request 3. */
const OTHERS = {
  "what a server prints": "listening on port 3",
  "its log": '{"level":"info","id":3,"msg":"took 3 ms"}',
  "its log of a request": '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":[7]}',
  "its log of a request as the SDK writes it": '{"method":"tools/call","params":[7],"jsonrpc":"2.0","id":3}',
  "its log of a request, cut": '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"na',
  "its log of an answer": '12:00 sent {"jsonrpc":"2.0","id":3,"result":{}}',
  "a request in another spelling": '{"jsonrpc":"2.0","id":3,"Method":"ping","result":{}}',
  "an id inside of what it answers": '{"jsonrpc":"2.0","result":{"content":[],"Content":[],"id":3}}',
  "an id inside of what is too deep": `{"jsonrpc":"2.0","result":{"id":3,"a":${DEEP}}}`,
  "two ids": '{"jsonrpc":"2.0","id":3,"ID":4,"result":{}}',
  "another text as its id": '{"id":"3a","result":{}}',
  "a list of lists": '[[{"jsonrpc":"2.0","id":3,"result":{}}]]',
  "a list of numbers": "[3,3]",
  "an empty list": "[]",
};

const TABLE = [
  ...Object.entries(ANSWERS).map(([name, line]) => [name, line, 3] as const),
  ...Object.entries(OTHERS).map(([name, line]) => [name, line, undefined] as const),
];

it.each(TABLE)("of what is not taken it is told which request it answers: %s", (_name, line, id) => {
  expect(readIncoming(Buffer.from(line), { maxDepth: 64, maxCount: 1_000 })).toMatchObject({ kind: "unreadable", id });
});

/** Answers to request 3 as some servers write them. */
const ODD = {
  "its id as text": '{"jsonrpc":"2.0","id":"3","result":{"n":1.0}}',
  "its id as a fraction": '{"jsonrpc":"2.0","id":3.0,"result":{"n":1.0}}',
  "its id as text, no version": '{"id":"3","result":{"n":1.0}}',
  "no version": '{"id":3,"result":{"n":1.0}}',
  "no version, the id last": '{"result":{"n":1.0},"id":3}',
  "null as its error": '{"jsonrpc":"2.0","id":3,"result":{"n":1.0},"error":null}',
  "null as its error, no version": '{"error": null, "id": 3, "result": {"n":1.0}}',
  "a byte order mark": '\uFEFF{"jsonrpc":"2.0","id":3,"result":{"n":1.0}}',
  "a byte order mark, alone in a list": '\uFEFF[{"jsonrpc":"2.0","id":3,"result":{"n":1.0}}]',
  "alone in a list": '[{"jsonrpc":"2.0","id":3,"result":{"n":1.0}}]',
  "alone in a list, its id as text": ' [ {"jsonrpc":"2.0","id":"3","result":{"n":1.0}} ]',
};

it.each(Object.entries(ODD))("an answer is taken with %s", (_name, line) => {
  const read = readIncoming(Buffer.from(line), { maxDepth: 64, maxCount: 1_000 });
  expect(read).toMatchObject({ kind: "result", id: 3 });
  if (read.kind === "result") expect(read.result.bytes.toString()).toBe('{"n":1.0}');
});

it("an error is taken with its id as text", () => {
  const line = '{"jsonrpc":"2.0","id":"3","error":{"code":-32602,"message":"m"}}';
  expect(readIncoming(Buffer.from(line), { maxDepth: 64, maxCount: 1_000 })).toMatchObject({ kind: "error", id: 3 });
});

/** What servers answer request 3 with to say "m". */
const ERRORS: Readonly<Record<string, readonly [error: string, told: object]>> = {
  "no code": ['{"message":"m"}', { code: -32603, message: "m" }],
  "a code in words": ['{"code":"E1","message":"m"}', { code: -32603, message: "E1: m" }],
  "a code as text": ['{"code":"-32602","message":"m"}', { code: -32602, message: "m" }],
  "a code with a fraction": ['{"code":-32000.5,"message":"m","data":1.0}', { code: -32603, message: "m" }],
  "null as its code": ['{"code":null,"message":"m"}', { code: -32603, message: "m" }],
  "nothing but words": ['"m"', { code: -32603, message: "m" }],
  "no words": ['{"code":-32602}', { code: -32602, message: "" }],
};
const ENVELOPES: Readonly<Record<string, (error: string) => string>> = {
  "as it should be": (error) => `{"jsonrpc":"2.0","id":3,"error":${error}}`,
  "without a version": (error) => `{"id":3,"error":${error}}`,
  "with null as its result": (error) => `{"result":null,"error":${error},"id":"3"}`,
};

it.each(
  Object.entries(ERRORS).flatMap(([name, [error, told]]) =>
    Object.entries(ENVELOPES).map(([where, envelope]) => [name, where, envelope(error), told] as const),
  ),
)("an error keeps its words with %s, in an envelope %s", (_name, _where, line, told) => {
  expect(readIncoming(Buffer.from(line), { maxDepth: 64, maxCount: 1_000 })).toMatchObject({
    kind: "error",
    id: 3,
    error: told,
  });
});

it("only answers are read so: what asks or tells names its version", () => {
  for (const line of ['{"id":3,"method":"ping"}', '{"method":"notifications/tools/list_changed"}']) {
    expect(readIncoming(Buffer.from(line), { maxDepth: 64, maxCount: 1_000 })).toMatchObject({
      kind: "unreadable",
      id: undefined,
    });
  }
});

it("a server's own request keeps its id as it is", () => {
  const line = '{"jsonrpc":"2.0","id":"3","method":"ping"}';
  expect(readIncoming(Buffer.from(line), { maxDepth: 64, maxCount: 1_000 })).toMatchObject({
    kind: "request",
    id: "3",
  });
});

const FACTS = { protocolVersion: "2025-11-25", capabilities: {}, serverInfo: { name: "s", version: "1" } };

describe("over a channel of messages", () => {
  const wire = () => {
    const log = recordingLog();
    let events: MessageChannelEvents | undefined;
    const sent: { readonly id?: number; readonly method?: string }[] = [];
    const deps = {
      intake: createIntake({ upstream: "up", log, onFault: () => {} }),
      log,
      now: Date.now,
      open: async (given: MessageChannelEvents) => {
        events = given;
        const send = async (text: string): Promise<"sent"> => {
          const message = JSON.parse(text);
          sent.push(message);
          if (message.method === "initialize" || message.method === "server/discover") {
            write(JSON.stringify({ jsonrpc: "2.0", id: message.id, result: FACTS }));
          }
          return "sent";
        };
        return { ok: true as const, channel: { send, pause: () => {}, resume: () => {}, close: async () => {} } };
      },
      clientInfo: { name: "c", version: "1" },
      timeoutMs: 60_000,
      parkedMs: 60_000,
      nextId: (() => {
        let id = 0;
        return () => ++id;
      })(),
      onClosed() {},
    };
    const write = (line: string): void => events?.onMessage(Buffer.from(line));
    const idOf = (method: string): number => sent.find((message) => message.method === method)?.id ?? -1;
    return { deps, write, idOf };
  };
  const NO_ANSWER = '{"jsonrpc":"2.0","id":ID,"result":{"content":[],"Content":[]}}';
  const FAULT = { kind: "fault", fault: { code: "UPSTREAM_INVALID", executed: "unknown" } };

  it.each(["legacy", "modern"])("it ends that call at once, and no other one: %s", async (era) => {
    const { deps, write, idOf } = wire();
    const open = async () => {
      if (era === "modern") {
        const link = new ModernLink(deps);
        await link.discover(60_000);
        return (method: string) => link.call(plainRequest(method, {}), {}, () => {});
      }
      const host = { onNotification() {}, onClosed() {} };
      const opened = await openLegacyLink({ ...deps, capabilities: {}, maxQueued: 9, host } as never);
      if (!opened.ok) throw new Error(opened.fault.detail);
      return (method: string) => opened.connection.request(plainRequest(method, {}), () => {});
    };
    const call = await open();
    const [one, other] = [call("tools/call"), call("prompts/get")];
    write(NO_ANSWER.replace("ID", String(idOf("tools/call"))));
    expect(await one).toMatchObject(FAULT);
    write(`{"jsonrpc":"2.0","id":${idOf("prompts/get")},"result":{}}`);
    expect(await other).toMatchObject({ kind: "result" });
  });

  it("a list of messages is each of them, and one that is not taken ends its call alone", async () => {
    const { deps, write, idOf } = wire();
    const link = new ModernLink(deps);
    await link.discover(60_000);
    const call = (method: string) => link.call(plainRequest(method, {}), {}, () => {});
    const [one, other] = [call("tools/call"), call("prompts/get")];
    write(
      `[{"jsonrpc":"2.0","id":${idOf("tools/call")},"result":7},{"jsonrpc":"2.0","id":"${idOf("prompts/get")}","result":{}}]`,
    );
    expect(await one).toMatchObject(FAULT);
    expect(await other).toMatchObject({ kind: "result" });
  });

  it("it ends a stream of changes that was asked for", async () => {
    const { deps, write, idOf } = wire();
    const link = new ModernLink(deps);
    await link.discover(60_000);
    const ended = new Promise((resolve) => {
      link.listen({}, { onEnd: (reason: string) => resolve(reason) } as never);
    });
    write(NO_ANSWER.replace("ID", String(idOf("subscriptions/listen"))));
    expect(await ended).toBe("refused");
  });
});
