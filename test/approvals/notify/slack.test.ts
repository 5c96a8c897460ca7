import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Delivery } from "../../../src/approvals/notify/notifier.ts";
import { createSlackNotifier } from "../../../src/approvals/notify/slack.ts";
import type { ApprovalNotice } from "../../../src/core/approval.ts";
import { notice } from "../../support/notices.ts";
import { type Receiver, startReceiver } from "../../support/receiver.ts";

const URL = "https://gateway.example/console/approvals/apr_AAAAAAAAAAAAAAAAAAAAAA";

let receiver: Receiver;

beforeEach(async () => {
  receiver = await startReceiver();
});

afterEach(() => receiver.close());

function send(changes: Partial<ApprovalNotice> = {}, url = URL): Promise<Delivery> {
  const notifier = createSlackNotifier({ url: `${receiver.url}/T000/B000/secret-canary` }, Date.now);
  return notifier.send({ id: "id", notice: notice(changes), url }, new AbortController().signal);
}

function posted(): unknown {
  return JSON.parse(receiver.received[0]?.body ?? "null");
}

function plain(text: string) {
  return { type: "plain_text", text, emoji: false };
}

describe("a message to Slack", () => {
  it("says what happened and where to look, and nothing else", async () => {
    expect(await send()).toEqual({ ok: true });
    expect(posted()).toEqual({
      text: "Approval requested (finance)",
      unfurl_links: false,
      unfurl_media: false,
      blocks: [
        { type: "header", text: plain("Approval requested") },
        {
          type: "section",
          fields: [
            plain("Tool\nexpenses/create_expense"),
            plain("Requested by\nBob Miller"),
            plain("Flow\nfinance, stage 1 of 2"),
            plain("Policies\nlarge-expenses"),
            plain("Requested at\n2026-03-01 09:30 UTC"),
            plain("To be decided until\n2026-03-02 09:30 UTC"),
          ],
        },
        {
          type: "section",
          text: { type: "mrkdwn", text: `<${URL}|Look at the request>`, verbatim: true },
        },
      ],
    });
  });

  it.each([
    ["a call to everybody", "<!channel> help", "&lt;!channel&gt; help"],
    ["a link that lies", "<https://evil.example|Approve>", "&lt;https://evil.example|Approve&gt;"],
    ["an entity", "&lt;!here&gt;", "&amp;lt;!here&amp;gt;"],
    ["markup", "*bold* _it_ `code` ~gone~", "*bold* _it_ `code` ~gone~"],
    ["a second line", "Bob\nRequested by\nAnn", "Bob\ufffdRequested by\ufffdAnn"],
    ["turned writing", "Bob \u202eelur", "Bob \ufffdelur"],
    ["a text without end", "x".repeat(100_000), `${"x".repeat(200)}…`],
    ["a text cut inside a character", "😀".repeat(300), `${"😀".repeat(100)}…`],
  ])("shows a name that is %s as it is, in a text that Slack reads no markup in", async (_what, name, shown) => {
    await send({ requester: name });
    await send({ tool: name });
    expect(receiver.received[0]?.body).toContain(JSON.stringify(plain(`Requested by\n${shown}`)));
    for (const { body } of receiver.received) {
      const { text, blocks } = JSON.parse(body);
      expect([text, blocks.at(-1)]).toEqual([
        "Approval requested (finance)",
        { type: "section", text: { type: "mrkdwn", text: `<${URL}|Look at the request>`, verbatim: true } },
      ]);
    }
  });

  it("keeps its link whole whatever the address", async () => {
    await send({}, "https://gateway.example/a|b&c>d");
    expect(JSON.stringify(posted())).toContain("<https://gateway.example/a%7Cb&amp;c&gt;d|Look at the request>");
  });

  it.each<[string, number, string, Delivery]>([
    ["an error of Slack's", 403, "action_prohibited\n", no("status 403: action_prohibited", true)],
    ["a hook that was deleted", 404, "no_service", no("status 404: no_service", true)],
    ["a message that it does not read", 400, "invalid_blocks", no("status 400: invalid_blocks", false)],
    ["an archived channel", 410, "channel_is_archived", no("status 410: channel_is_archived", false)],
    ["somebody else's text", 403, "secret-canary", no("status 403", true)],
    ["a page without end", 500, "x".repeat(5_000_000), no("status 500", true)],
  ])("tells operators of %s", async (_what, status, body, expected) => {
    receiver.answer = (response) => response.writeHead(status).end(body);
    expect(await send()).toEqual(expected);
  });
});

function no(error: string, retry: boolean): Delivery {
  return { ok: false, error, retry };
}
