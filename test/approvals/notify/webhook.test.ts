import { createHmac } from "node:crypto";
import type { ServerResponse } from "node:http";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ApprovalMessage, Delivery } from "../../../src/approvals/notify/notifier.ts";
import { createWebhookNotifier } from "../../../src/approvals/notify/webhook.ts";
import { notice } from "../../support/notices.ts";
import { freePort } from "../../support/program.ts";
import { type Receiver, startReceiver } from "../../support/receiver.ts";

const SECRET = `whsec_${Buffer.from("a key of thirty-two bytes, no less").toString("base64")}`;
const notification: ApprovalMessage = {
  id: "apr_AAAAAAAAAAAAAAAAAAAAAA:approval.requested:0:ops",
  notice: notice(),
  url: "https://gateway.example/console/approvals/apr_AAAAAAAAAAAAAAAAAAAAAA",
};

let receiver: Receiver;

beforeEach(async () => {
  receiver = await startReceiver();
});

afterEach(() => receiver.close());

function send(
  options: { secret?: string; headers?: Record<string, string>; now?: () => number } = {},
): Promise<Delivery> {
  const { secret = SECRET, headers = {}, now = Date.now } = options;
  const notifier = createWebhookNotifier({ url: receiver.url, secret, headers }, now);
  return notifier.send(notification, new AbortController().signal);
}

function received() {
  const [first] = receiver.received;
  if (first === undefined) throw new Error("nothing was received");
  return first;
}

function header(name: string): string {
  return String(received().headers[name]);
}

describe("a webhook", () => {
  it("is signed so that the Standard Webhooks library accepts it", async () => {
    expect(await send()).toEqual({ ok: true });
    const { body, method } = received();
    expect(method).toBe("POST");
    expect(header("content-type")).toBe("application/json");
    const signed = {
      "webhook-id": header("webhook-id"),
      "webhook-timestamp": header("webhook-timestamp"),
      "webhook-signature": header("webhook-signature"),
    };
    expect(new Webhook(SECRET).verify(body, signed)).toEqual(JSON.parse(body));
    expect(() => new Webhook(SECRET).verify(body.replace("finance", "finanse"), signed)).toThrow();
  });

  it.each([
    ["text outside of Latin-1", "pässwörd-日本", Buffer.from("pässwörd-日本", "utf8")],
    ["text that looks like base64", "c2VjcmV0", Buffer.from("c2VjcmV0", "utf8")],
    ["serialised as the standard says", SECRET, Buffer.from("a key of thirty-two bytes, no less")],
  ])("takes a secret that is %s", async (_what, secret, key) => {
    await send({ secret });
    const text = `${header("webhook-id")}.${header("webhook-timestamp")}.${received().body}`;
    expect(header("webhook-signature")).toBe(`v1,${createHmac("sha256", key).update(text).digest("base64")}`);
  });

  it.each(["whsec_", "whsec_not base64!", "whsec_abcde", ""])("refuses the secret %j at the start", (secret) => {
    expect(() => createWebhookNotifier({ url: receiver.url, secret, headers: {} }, Date.now)).toThrow(/secret/i);
  });

  it("says what happened and where to look, and nothing else", async () => {
    await send();
    expect(JSON.parse(received().body)).toEqual({
      type: "approval.requested",
      timestamp: "2026-03-01T09:30:00.000Z",
      data: {
        id: "apr_AAAAAAAAAAAAAAAAAAAAAA",
        state: "pending",
        flow: "finance",
        stage: 0,
        stages: 2,
        approvers: { roles: ["finance-lead"], users: ["ann@acme.example", "auth0|12345"] },
        upstream: "expenses",
        method: "tools/call",
        tool: "create_expense",
        subject: { kind: "tool", name: "create_expense" },
        requester: "Bob Miller",
        policies: ["large-expenses"],
        created_at: "2026-03-01T09:30:00.000Z",
        pending_until: "2026-03-02T09:30:00.000Z",
        execute_until: null,
        url: "https://gateway.example/console/approvals/apr_AAAAAAAAAAAAAAAAAAAAAA",
      },
    });
  });

  it("has the same id on a repeat, without full stops, and the time of its own attempt", async () => {
    await send({ now: () => 1_800_000_000_000 });
    await send({ now: () => 1_800_000_005_900 });
    expect(receiver.received.map(({ headers }) => [headers["webhook-id"], headers["webhook-timestamp"]])).toEqual([
      ["apr_AAAAAAAAAAAAAAAAAAAAAA:approval_requested:0:ops", "1800000000"],
      ["apr_AAAAAAAAAAAAAAAAAAAAAA:approval_requested:0:ops", "1800000005"],
    ]);
  });

  it("carries configured headers, which cannot take the place of its own", async () => {
    await send({ headers: { "X-Team": "ops", "Webhook-Id": "mine", "Content-Type": "text/plain" } });
    expect(header("x-team")).toBe("ops");
    expect(header("webhook-id")).toBe("apr_AAAAAAAAAAAAAAAAAAAAAA:approval_requested:0:ops");
    expect(header("content-type")).toBe("application/json");
  });
});

describe("a receiver's answer", () => {
  const NOW = Date.UTC(2026, 2, 1, 12);
  const soon = { "retry-after": "120" };
  it.each<[string, number, Record<string, string>, Delivery]>([
    ["200", 200, {}, { ok: true }],
    ["202", 202, {}, { ok: true }],
    ["301", 301, { location: "/elsewhere" }, no("status 301: redirects are not followed")],
    ["307", 307, { location: "/elsewhere" }, no("status 307: redirects are not followed")],
    ["400", 400, {}, no("status 400")],
    ["404", 404, {}, no("status 404")],
    ["410", 410, {}, { ok: false, error: "status 410", retry: false }],
    ["429 for two minutes", 429, soon, no("status 429", 120_000)],
    ["503 for two minutes", 503, soon, no("status 503", 120_000)],
    ["503 until a date", 503, { "retry-after": new Date(NOW + 60_000).toUTCString() }, no("status 503", 60_000)],
    ["503 until a past date", 503, { "retry-after": new Date(NOW - 60_000).toUTCString() }, no("status 503", 0)],
    ["429 for a year", 429, { "retry-after": "31536000" }, no("status 429", 3_600_000)],
    ["429 without sense", 429, { "retry-after": "soon" }, no("status 429")],
    ["500", 500, soon, no("status 500")],
  ])("%s is understood", async (_what, status, headers, expected) => {
    receiver.answer = (response) => response.writeHead(status, headers).end("secret-canary");
    expect(await send({ now: () => NOW })).toEqual(expected);
    expect(receiver.received).toHaveLength(1);
  });

  it("is not read: one without an end delays nothing", async () => {
    let ended: Promise<void> | undefined;
    receiver.answer = (response) => {
      ended = new Promise((resolve) => response.once("close", resolve));
      response.writeHead(500);
      const chunk = Buffer.alloc(65_536, "x");
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on("drain", more);
      more();
    };
    expect(await send()).toEqual(no("status 500"));
    await ended;
  });

  it("may be a connection that closes half-way", async () => {
    receiver.answer = (response) => response.destroy();
    expect(await send()).toEqual(no("UND_ERR_SOCKET"));
  });

  it("may not come: the attempt is cut off", async () => {
    const silent: ServerResponse[] = [];
    receiver.answer = (response) => silent.push(response);
    const controller = new AbortController();
    const notifier = createWebhookNotifier({ url: receiver.url, secret: SECRET, headers: {} }, Date.now);
    const sent = notifier.send(notification, controller.signal);
    await receiver.until(1);
    controller.abort();
    expect(await sent).toEqual(no("no answer in time"));
  });

  it("is not there when nobody listens, and the URL with its secrets is not told", async () => {
    const url = `http://127.0.0.1:${await freePort()}/hook?key=secret-canary`;
    const notifier = createWebhookNotifier({ url, secret: SECRET, headers: {} }, Date.now);
    expect(await notifier.send(notification, new AbortController().signal)).toEqual(no("ECONNREFUSED"));
  });
});

function no(error: string, retryAfterMs?: number): Delivery {
  return { ok: false, error, retry: true, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}
