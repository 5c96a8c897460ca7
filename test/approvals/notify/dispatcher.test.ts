import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createNotifiers, type NotifierOptions } from "../../../src/approvals/notify/create-notifiers.ts";
import { createDispatcher, type Dispatcher, type DispatcherDeps } from "../../../src/approvals/notify/dispatcher.ts";
import type { Outbox, OutboxEntry } from "../../../src/store/approvals/outbox.ts";
import { openStore, type Store } from "../../../src/store/open-store.ts";
import { auditHash } from "../../support/audit-key.ts";
import { testProgram } from "../../support/built.ts";
import { eventually } from "../../support/eventually.ts";
import { tell } from "../../support/outbox.ts";
import { freePort } from "../../support/program.ts";
import { type Receiver, startReceiver } from "../../support/receiver.ts";
import { recordingLog } from "../../support/recording-log.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const KINDS = ["approval.requested", "approval.decided", "approval.executed"] as const;
const SECRET = "secret-canary-of-the-signature";

let directory: string;
let stores: Store[];
let dispatchers: Dispatcher[];
let receivers: Receiver[];
let children: ChildProcess[];
let log: ReturnType<typeof recordingLog>;
let clock: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "portcullis-outbox-"));
  stores = [];
  dispatchers = [];
  receivers = [];
  children = [];
  log = recordingLog();
  clock = Date.UTC(2026, 2, 1, 9);
});

afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(receivers.map((receiver) => receiver.close()));
  await Promise.all(dispatchers.map((dispatcher) => dispatcher.close()));
  await Promise.all(stores.map((store) => store.close()));
  rmSync(directory, { recursive: true, force: true });
});

function path(): string {
  return join(directory, "portcullis.db");
}

function open(): Store {
  const store = openStore({ url: `file:${path()}`, log, auditHash });
  stores.push(store);
  return store;
}

async function receive(): Promise<Receiver> {
  const receiver = await startReceiver();
  receivers.push(receiver);
  return receiver;
}

function dispatch(
  store: Store,
  urls: Readonly<Record<string, string>>,
  deps: Partial<DispatcherDeps> = {},
): Dispatcher {
  const now = deps.now ?? (() => clock);
  const entries = Object.entries(urls).map(
    ([name, url]): NotifierOptions => ({
      name,
      webhook: { url, secret: SECRET, headers: { "x-key": "secret-canary-of-a-header" } },
      slack: undefined,
      email: undefined,
    }),
  );
  const dispatcher = createDispatcher({
    outbox: store.outbox,
    notifiers: createNotifiers(entries, { log, now }),
    log,
    now,
    random: () => 0.5,
    link: (id) => `https://gateway.example/console/approvals/${id}`,
    ...deps,
  });
  dispatchers.push(dispatcher);
  return dispatcher;
}

async function entries(store: Store): Promise<readonly OutboxEntry[]> {
  return (await store.outbox.list({ limit: 1_000 })).entries;
}

/** The same outbox, which tells when nothing is on its way and nothing more could be had. */
function watched(outbox: Outbox) {
  let sending = 0;
  let nothingLeft = false;
  const ended = () => {
    sending -= 1;
    nothingLeft = false;
  };
  return {
    outbox: {
      ...outbox,
      async claimDue(...args: Parameters<Outbox["claimDue"]>) {
        const messages = await outbox.claimDue(...args);
        sending += messages.length;
        nothingLeft = messages.length === 0;
        return messages;
      },
      async done(...args: Parameters<Outbox["done"]>) {
        await outbox.done(...args);
        ended();
      },
      async failed(...args: Parameters<Outbox["failed"]>) {
        await outbox.failed(...args);
        ended();
      },
    },
    /** Looks now, and waits until everything that is due was tried. */
    async run(dispatcher: Dispatcher): Promise<void> {
      nothingLeft = false;
      dispatcher.kick();
      await eventually(async () => (sending === 0 && nothingLeft ? true : undefined));
    },
  };
}

function ids(receiver: Receiver): string[] {
  return receiver.received.map(({ headers }) => String(headers["webhook-id"]));
}

/** Moves the clock on by `step` again and again, and lets everything be tried that is due. */
async function passTime(ms: number, step: number, work: () => Promise<void>): Promise<void> {
  for (const end = clock + ms; clock < end; clock += step) await work();
}

function request(id: string): string {
  return id.split(":")[0] ?? "";
}

describe("a dispatcher", () => {
  it("sends what waits, also what was written before it began", async () => {
    const store = open();
    const { outbox, run } = watched(store.outbox);
    const receiver = await receive();
    await tell(store, { requestId: "apr_1", notifier: "ops", at: clock, kinds: KINDS });
    const dispatcher = dispatch(store, { ops: receiver.url }, { outbox });
    await receiver.until(3);
    await tell(store, { requestId: "apr_2", notifier: "ops", at: clock });
    await run(dispatcher);
    const all = await entries(store);
    expect(all.map(({ state, attempts }) => ({ state, attempts }))).toEqual(
      Array(4).fill({ state: "done", attempts: 1 }),
    );
    const { data } = JSON.parse(receiver.received[0]?.body ?? "");
    expect(data.url).toBe("https://gateway.example/console/approvals/apr_1");
    expect(log.lines).toEqual([]);
  });

  it("wakes by itself when something becomes due", async () => {
    const store = open();
    const receiver = await receive();
    await tell(store, { requestId: "apr_1", notifier: "ops", at: Date.now() + 100 });
    dispatch(store, { ops: receiver.url }, { now: Date.now });
    await receiver.until(1);
  });

  it("finds what other processes write", async () => {
    const receiver = await receive();
    dispatch(open(), { ops: receiver.url }, { timing: { lookMs: 20 } });
    await tell(open(), { requestId: "apr_1", notifier: "ops", at: clock });
    await receiver.until(1);
  });

  it("brings every event to a receiver that was down for an hour, in the order of each request", async () => {
    const store = open();
    const { outbox, run } = watched(store.outbox);
    const receiver = await receive();
    receiver.answer = (response) => response.writeHead(502).end();
    const dispatcher = dispatch(store, { ops: receiver.url }, { outbox });
    const requests = ["apr_1", "apr_2", "apr_3"];
    for (const requestId of requests) await tell(store, { requestId, notifier: "ops", at: clock, kinds: KINDS });
    await passTime(HOUR, MINUTE, () => run(dispatcher));

    const tried = ids(receiver);
    // 15 minutes apart at the end: 5, 10, … 640 s in the first 21 minutes, and few more after it.
    expect(tried.length).toBeGreaterThanOrEqual(3 * 6);
    expect(tried.length).toBeLessThanOrEqual(3 * 13);
    expect(new Set(tried)).toEqual(new Set(requests.map((id) => `${id}:approval_requested:0:ops`)));

    receiver.answer = (response) => response.writeHead(204).end();
    await passTime(16 * MINUTE, MINUTE, () => run(dispatcher));
    const taken = ids(receiver).slice(tried.length);
    expect(taken).toHaveLength(9);
    for (const requestId of requests) {
      expect(taken.filter((id) => request(id) === requestId)).toEqual([
        `${requestId}:approval_requested:0:ops`,
        `${requestId}:approval_decided:0:ops`,
        `${requestId}:approval_executed:0:ops`,
      ]);
    }
    expect((await entries(store)).every(({ state }) => state === "done")).toBe(true);
  });

  it("waits as long as the receiver asked for", async () => {
    const store = open();
    const { outbox, run } = watched(store.outbox);
    const receiver = await receive();
    receiver.answer = (response) => response.writeHead(429, { "retry-after": "600" }).end();
    await tell(store, { requestId: "apr_1", notifier: "ops", at: clock });
    await run(dispatch(store, { ops: receiver.url }, { outbox }));
    const [entry] = await entries(store);
    expect(entry).toMatchObject({ state: "waiting", nextAt: clock + 10 * MINUTE, lastError: "status 429" });
  });

  it("gives up after a day, says so, and tries once more when an operator wants it", async () => {
    const store = open();
    const { outbox, run } = watched(store.outbox);
    const receiver = await receive();
    receiver.answer = (response) => response.writeHead(500).end();
    const dispatcher = dispatch(store, { ops: receiver.url }, { outbox });
    await tell(store, { requestId: "apr_1", notifier: "ops", at: clock });
    await passTime(25 * HOUR, 15 * MINUTE, () => run(dispatcher));
    const [dead] = await entries(store);
    expect(dead).toMatchObject({ state: "dead", lastError: "status 500" });
    expect((dead?.endedAt ?? 0) - (dead?.createdAt ?? 0)).toBeGreaterThanOrEqual(24 * HOUR);
    expect(log.lines.at(-1)).toEqual({
      level: "error",
      message: "A notification was given up.",
      fields: {
        notifier: "ops",
        kind: "approval.requested",
        request: "apr_1",
        attempts: dead?.attempts,
        error: "status 500",
      },
    });

    receiver.answer = (response) => response.writeHead(204).end();
    expect(await store.outbox.retry(dead?.id ?? 0, clock)).toBe(true);
    await run(dispatcher);
    expect((await entries(store))[0]).toMatchObject({ state: "done" });
  });

  it("gives up at once what the receiver wants no more of, and what no notifier is left for", async () => {
    const store = open();
    const { outbox, run } = watched(store.outbox);
    const receiver = await receive();
    receiver.answer = (response) => response.writeHead(410).end();
    await tell(store, { requestId: "apr_1", notifier: "ops", at: clock });
    await tell(store, { requestId: "apr_2", notifier: "removed", at: clock, kinds: KINDS });
    await run(dispatch(store, { ops: receiver.url }, { outbox }));
    const ends = (await entries(store)).map(({ notifier, state, lastError }) => ({ notifier, state, lastError }));
    const gone = {
      notifier: "removed",
      state: "dead",
      lastError: "the configuration has no notifier of this name any more",
    };
    expect(ends).toEqual([gone, gone, gone, { notifier: "ops", state: "dead", lastError: "status 410" }]);
  });

  it("lets a receiver that never answers keep back nobody else's messages", async () => {
    const store = open();
    const slow = await receive();
    const quick = await receive();
    const unanswered: ServerResponse[] = [];
    slow.answer = (response) => unanswered.push(response);
    for (let index = 0; index < 30; index++) {
      await tell(store, { requestId: `apr_slow_${index}`, notifier: "slow", at: clock });
    }
    for (let index = 0; index < 10; index++) {
      await tell(store, { requestId: `apr_quick_${index}`, notifier: "quick", at: clock + 1 });
    }
    clock += 1;
    const dispatcher = dispatch(store, { slow: slow.url, quick: quick.url }, { timing: { closeMs: 1 } });
    await quick.until(10);
    await slow.until(4);
    await eventually(async () => {
      const [first] = await store.outbox.counts();
      return first?.notifier === "slow" ? first : undefined;
    });
    expect(slow.received).toHaveLength(4);
    await dispatcher.close();
    expect(unanswered).toHaveLength(4);
  });

  it("of two processes on one store sends each message once", async () => {
    const [first, second] = [open(), open()];
    const receiver = await receive();
    for (let index = 0; index < 20; index++) {
      await tell(first, { requestId: `apr_${index}`, notifier: "ops", at: clock, kinds: KINDS });
    }
    dispatch(first, { ops: receiver.url });
    dispatch(second, { ops: receiver.url }, { timing: { pauseMs: 5 } });
    await eventually(async () => ((await first.outbox.counts()).length === 0 ? true : undefined));
    expect(receiver.received).toHaveLength(60);
    expect(new Set(ids(receiver))).toHaveLength(60);
    for (let index = 0; index < 20; index++) {
      const kinds = ids(receiver).filter((id) => request(id) === `apr_${index}`);
      expect(kinds.map((id) => id.split(":")[1])).toEqual(KINDS.map((kind) => kind.replace(".", "_")));
    }
  });

  it("repeats under the same id what a killed process had sent and not written down", async () => {
    const store = open();
    const receiver = await receive();
    await tell(store, { requestId: "apr_1", notifier: "ops", at: Date.now() });
    const killed = new Promise<void>((resolve) => {
      receiver.answer = (response) => {
        child.once("exit", () => {
          response.destroy();
          resolve();
        });
        child.kill("SIGKILL");
      };
    });
    const child = spawn(process.execPath, [testProgram("notifying"), path(), receiver.url], { stdio: "ignore" });
    children.push(child);
    await killed;
    receiver.answer = (response) => response.writeHead(204).end();
    // Not while the killed process may still be sending, as far as anybody can tell.
    clock = Date.now() + 80_000;
    const { outbox, run } = watched(store.outbox);
    const dispatcher = dispatch(store, { ops: receiver.url }, { outbox });
    await run(dispatcher);
    expect(receiver.received).toHaveLength(1);
    clock += 20_000;
    await run(dispatcher);
    expect(ids(receiver)).toEqual(["apr_1:approval_requested:0:ops", "apr_1:approval_requested:0:ops"]);
    expect((await entries(store))[0]).toMatchObject({ state: "done", attempts: 2 });
  });

  it("goes on after a fault of the store", async () => {
    const store = open();
    const receiver = await receive();
    await tell(store, { requestId: "apr_1", notifier: "ops", at: clock });
    const writer = new Database(path());
    writer.exec("ALTER TABLE outbox RENAME TO elsewhere");
    dispatch(store, { ops: receiver.url }, { timing: { pauseMs: 5 } });
    const line = await eventually(async () => log.lines[0]);
    expect(line).toMatchObject({ level: "warn", message: "Notifications wait: the outbox could not be read." });
    writer.exec("ALTER TABLE elsewhere RENAME TO outbox");
    writer.close();
    await receiver.until(1);
  });
});

describe("closing a dispatcher", () => {
  it("waits for attempts under way and takes no more", async () => {
    const store = open();
    const receiver = await receive();
    const asked = new Promise<ServerResponse>((resolve) => {
      receiver.answer = (response) => resolve(response);
    });
    await tell(store, { requestId: "apr_1", notifier: "ops", at: clock, kinds: KINDS });
    const dispatcher = dispatch(store, { ops: receiver.url }, { timing: { closeMs: 15_000 } });
    const response = await asked;
    const closed = dispatcher.close();
    response.writeHead(204).end();
    await closed;
    dispatcher.kick();
    expect((await entries(store)).map(({ state }) => state)).toEqual(["waiting", "waiting", "done"]);
    expect(receiver.received).toHaveLength(1);
  });

  it("cuts off what takes too long, and that is due again at once", async () => {
    const store = open();
    const receiver = await receive();
    receiver.answer = () => {};
    await tell(store, { requestId: "apr_1", notifier: "ops", at: clock });
    const dispatcher = dispatch(store, { ops: receiver.url }, { timing: { closeMs: 1 } });
    await receiver.until(1);
    await dispatcher.close();
    expect(await entries(store)).toMatchObject([{ state: "waiting", nextAt: clock, lastError: "no answer in time" }]);
  });
});

describe("secrets", () => {
  it("are in no payload, no log line and no stored error", async () => {
    const store = open();
    const { outbox, run } = watched(store.outbox);
    const receiver = await receive();
    const kinds: Omit<NotifierOptions, "name">[] = [
      {
        webhook: { url: `${receiver.url}?key=secret-canary-1`, secret: SECRET, headers: {} },
        slack: undefined,
        email: undefined,
      },
      { webhook: undefined, slack: { url: `${receiver.url}/secret-canary-2` }, email: undefined },
      {
        webhook: undefined,
        slack: undefined,
        email: { smtp: `smtp://user:secret-canary-3@127.0.0.1:${await freePort()}`, from: "a@b.example", to: [] },
      },
    ];
    const configured = kinds.map((kind, index) => ({ name: `n${index}`, ...kind }));
    const notifiers = createNotifiers(configured, { log, now: () => clock });
    const answers = [500, 302, 410, 204];
    receiver.answer = (response) =>
      response.writeHead(answers.shift() ?? 400, { location: "/secret-canary-4" }).end("secret-canary-5");
    for (const { name } of configured) {
      await tell(store, { requestId: `apr_${name}`, notifier: name, at: clock, kinds: KINDS });
    }
    const dispatcher = dispatch(store, {}, { outbox, notifiers });
    await passTime(10 * MINUTE, MINUTE, () => run(dispatcher));
    const bodies = receiver.received.map(({ body }) => body);
    expect(log.lines.length).toBeGreaterThan(10);
    for (const text of [JSON.stringify(bodies), JSON.stringify(log.lines), JSON.stringify(await entries(store))]) {
      expect(text).not.toContain("secret-canary");
    }
  });

  it.each<[string, Omit<NotifierOptions, "name">]>([
    [
      "notifiers.ops: The secret of a webhook begins with whsec_, but what follows is not base64.",
      {
        webhook: { url: "https://a.example", secret: "whsec_secret-canary", headers: {} },
        slack: undefined,
        email: undefined,
      },
    ],
    [
      "notifiers.ops: A mail server is written smtp://host:587 or smtps://host, user and password before the host.",
      {
        webhook: undefined,
        slack: undefined,
        email: { smtp: "secret-canary", from: "a@b.example", to: [] },
      },
    ],
  ])("are not in what is said of an entry that cannot work: %s", (message, entry) => {
    const deps = { log, now: () => clock };
    expect(() => createNotifiers([{ name: "ops", ...entry }], deps)).toThrow(new Error(message));
  });
});
