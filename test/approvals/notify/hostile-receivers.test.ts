import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { createEmailNotifier } from "../../../src/approvals/notify/email.ts";
import type { Delivery, Notifier } from "../../../src/approvals/notify/notifier.ts";
import { createSlackNotifier } from "../../../src/approvals/notify/slack.ts";
import { createWebhookNotifier } from "../../../src/approvals/notify/webhook.ts";
import { HOSTILE_ANSWERS, type Hostile, say } from "../../support/hostile-answers.ts";
import {
  drip,
  flood,
  type HostilePeer,
  MOST_BYTES,
  type Script,
  startHostilePeer,
} from "../../support/hostile-peer.ts";
import { notice } from "../../support/notices.ts";
import { recordingLog } from "../../support/recording-log.ts";

/** After so long an attempt that comes to nothing is cut off, as the dispatcher does it. */
const CUT_OFF_MS = 300;
const LONG_MS = 30_000;

const GREETING = "220 mail.test\r\n";

/** What a mail server may do. */
const SMTP: Readonly<Record<string, Hostile>> = {
  "an endless greeting": { script: (socket) => flood(socket, "220 ", "x") },
  "a greeting of endless lines": { script: (socket) => flood(socket, "", "220-more\r\n") },
  "endless empty lines": { script: (socket) => flood(socket, "", "\r\n"), ends: true },
  "ten thousand replies at once": {
    script: (socket) => void socket.write("220 mail.test\r\n".repeat(10_000)),
  },
  "endless replies": { script: (socket) => flood(socket, "", "220 mail.test\r\n"), ends: true },
  "a greeting in drops": { script: (socket) => drip(socket, "", "220-more\r\n") },
  silence: { script: () => {} },
  "no SMTP": { script: (socket) => flood(socket, "", "HTTP/1.1 200 OK\r\n") },
  "endless extensions": { script: smtp({ EHLO: (socket) => flood(socket, "", "250-X-MORE\r\n") }) },
  "ten thousand extensions, and no more": {
    script: smtp({ EHLO: (socket) => void socket.write("250-X-MORE\r\n".repeat(10_000)) }),
  },
  "an answer to the sender in drops": { script: smtp({ MAIL: (socket) => drip(socket, "", "250-more\r\n") }) },
  "an endless answer to the recipient": { script: smtp({ RCPT: (socket) => flood(socket, "250 ", "x") }) },
  "an endless answer to the mail": { script: smtp({ ".": (socket) => flood(socket, "", "250-x\r\n") }) },
  "an endless farewell": { script: smtp({ QUIT: (socket) => flood(socket, "", "221-x\r\n") }), taken: true },
  "a farewell in drops": { script: smtp({ QUIT: (socket) => drip(socket, "", "221-x\r\n") }), taken: true },
  "no farewell": { script: smtp({ QUIT: () => {} }), taken: true },
};

const NOTIFIERS: Readonly<Record<string, (port: number) => Notifier>> = {
  webhook: (port) =>
    createWebhookNotifier({ url: `http://127.0.0.1:${port}/hook`, secret: "secret", headers: {} }, Date.now),
  Slack: (port) => createSlackNotifier({ url: `http://127.0.0.1:${port}/hook` }, Date.now),
  email: (port) =>
    createEmailNotifier({ smtp: `smtp://127.0.0.1:${port}`, from: "g@acme.test", to: ["a@acme.test"] }, recordingLog()),
};

async function sendTo(
  notifier: string,
  script: Script,
  cutOffMs: number,
): Promise<{ readonly sent: Delivery; readonly peer: HostilePeer }> {
  const peer = await startHostilePeer(script);
  const signal = AbortSignal.timeout(cutOffMs);
  const message = { id: "apr_A:approval.requested:0:x", notice: notice(), url: "https://gateway.test/console" };
  const sent = await (NOTIFIERS[notifier]?.(peer.port) ?? expect.fail()).send(message, signal);
  // Its connection does not outlive it for long.
  await peer.closed();
  return { sent, peer };
}

describe.each([
  ["webhook", HOSTILE_ANSWERS],
  ["Slack", HOSTILE_ANSWERS],
  ["email", SMTP],
] as const)("a receiver (%s) that says", (name, table) => {
  it.each(Object.entries(table))("%s: ends at most its own message", async (_what, hostile) => {
    const { taken = false, unbounded = false, ends = false } = hostile;
    const { sent, peer } = await sendTo(name, hostile.script, taken || ends ? LONG_MS : CUT_OFF_MS);
    expect({ ...sent, ok: sent.ok }).toMatchObject({ ok: taken });
    if (!sent.ok) {
      expect(sent.error.length).toBeLessThan(100);
      expect(sent.retryAfterMs ?? 0).toBeLessThanOrEqual(3_600_000);
    }
    if (!unbounded) expect(peer.taken).toBeLessThan(MOST_BYTES);
    expect(peer.requests).toBeLessThanOrEqual(1);
  });
});

describe("a redirect", () => {
  it.each(["webhook", "Slack"])("of a receiver (%s) to an address within leads nowhere", async (name) => {
    const within = await startHostilePeer((socket) => void socket.end());
    for (const status of [301, 302, 303, 307, 308]) {
      const location = `Location: http://127.0.0.1:${within.port}/latest/meta-data\r\n`;
      const { sent } = await sendTo(
        name,
        say((socket) => socket.end(`HTTP/1.1 ${status} X\r\n${location}Content-Length: 0\r\n\r\n`)),
        LONG_MS,
      );
      expect(sent).toMatchObject({ ok: false, error: `status ${status}: redirects are not followed` });
    }
    expect(within.connections).toBe(0);
  });
});

/** A mail server that answers as it should, but for these commands. */
function smtp(hostile: Readonly<Record<string, (socket: Socket) => void>>): Script {
  return (socket) => {
    let isData = false;
    let text = "";
    socket.write(GREETING);
    socket.on("data", (data: Buffer) => {
      text += data.toString("latin1");
      const command = isData ? "." : text.slice(0, 4).trim();
      if (!text.endsWith(isData ? "\r\n.\r\n" : "\r\n")) return;
      text = "";
      isData = command === "DATA";
      const say = hostile[command];
      if (say !== undefined) return say(socket);
      socket.write(command === "DATA" ? "354 go on\r\n" : command === "QUIT" ? "221 bye\r\n" : "250 fine\r\n");
    });
  };
}
