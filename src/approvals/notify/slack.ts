import type { ApprovalMessage, Notifier } from "./notifier.ts";
import { post, sentOf } from "./post.ts";
import { facts, headline } from "./wording.ts";

/** `notifiers.<name>.slack`. */
export interface SlackOptions {
  /** Of an incoming webhook. Whoever knows it can post: a secret. */
  readonly url: string;
}

/**
 * Posts to a Slack channel. https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 * What others chose (names of tools and people) stands in `plain_text` only, where Slack reads no markup; the texts that
 * Slack does read hold words and names from the configuration alone.
 */
export function createSlackNotifier(options: SlackOptions, now: () => number): Notifier {
  const headers = new Headers({ "content-type": "application/json" });
  return {
    timeoutMs: 10_000,
    async send(notification, signal) {
      const body = JSON.stringify(payload(notification));
      const posted = await post({ url: options.url, headers, body, signal, maxAnswerBytes: 256 });
      // It will not like the same message better later. A URL or a channel that is wrong may be put right.
      return sentOf(posted, now(), { final: [400, 410], known });
    },
  };
}

function payload(notification: ApprovalMessage) {
  const { notice, url } = notification;
  const head = headline(notice);
  return {
    // For notifications on phones and for screen readers.
    text: escapeText(`${head} (${notice.flow})`),
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: "header", text: plain(head) },
      { type: "section", fields: facts(notice).map((fact) => plain(`${fact.label}\n${fact.value}`)) },
      // A link and not a button: Slack marks buttons of senders that receive nothing with a warning.
      { type: "section", text: { type: "mrkdwn", text: `<${linkTarget(url)}|Look at the request>`, verbatim: true } },
    ],
  };
}

function plain(text: string) {
  return { type: "plain_text", text: escapeText(text), emoji: false };
}

/** The three characters that begin something in Slack's texts. */
function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** A `|` would end the target of a link. */
function linkTarget(url: string): string {
  return escapeText(url).replaceAll("|", "%7C");
}

// Slack's own words for what is wrong. Anything else that comes back may be anybody's text and is not repeated.
const SLACK_ERRORS: readonly string[] = [
  "invalid_payload",
  "invalid_blocks",
  "invalid_token",
  "no_text",
  "no_service",
  "no_service_id",
  "no_team",
  "no_active_hooks",
  "action_prohibited",
  "posting_to_general_channel_denied",
  "channel_not_found",
  "channel_is_archived",
  "team_disabled",
  "user_not_found",
  "rollup_error",
];

function known(answer: string): string | undefined {
  return SLACK_ERRORS.find((error) => error === answer.trim());
}
