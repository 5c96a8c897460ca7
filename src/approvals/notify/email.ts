import { createHash } from "node:crypto";
import type { ApprovalNotice } from "../../core/approval.ts";
import type { Log } from "../../core/log.ts";
import { mailHtml, mailText } from "./mail-body.ts";
import type { ApprovalMessage, Delivery, Notifier } from "./notifier.ts";
import { smtpServer } from "./smtp-server.ts";
import { connectSmtp } from "./smtp-socket.ts";
import { headline, subjectName } from "./wording.ts";

/** `notifiers.<name>.email`. */
export interface EmailOptions {
  /** `smtp://` or `smtps://` URL, user and password included. */
  readonly smtp: string;
  readonly from: string;
  /** Fixed recipients. Empty: those approvers of the stage that are e-mail addresses. */
  readonly to: readonly string[];
}

/**
 * Sends e-mails over SMTP, as text and as simple HTML. The `Message-ID` is the same from attempt to attempt, and all
 * mails about one request are one thread. @throws when `smtp` is no such URL
 */
export function createEmailNotifier(options: EmailOptions, log: Log): Notifier {
  const server = smtpServer(options.smtp);
  let opened: ReturnType<typeof openTransport> | undefined;
  return {
    timeoutMs: TIMEOUT_MS,
    async send(notification, signal) {
      const to = recipients(options, notification.notice);
      if (to.length === 0) return { ok: false, error: "no approver of the stage is an e-mail address", retry: false };
      try {
        opened ??= openTransport(server);
        const sent = await (await opened).sendMail({ ...mail(notification, options.from), to, signal });
        if (sent.rejected.length > 0) {
          // Sending it again would reach those a second time who have it.
          log.warn(
            { refused: sent.rejected.length, request: notification.notice.requestId },
            "Not all got the e-mail.",
          );
        }
        return { ok: true };
      } catch (err) {
        return signal.aborted ? { ok: false, error: "no answer in time", retry: true } : refusedBy(err);
      }
    },
  };
}

const TIMEOUT_MS = 30_000;

/** Reads the library with the first mail: most gateways send none, and each start would wait for it. */
async function openTransport({ host, ...server }: ReturnType<typeof smtpServer>) {
  const { createTransport } = await import("nodemailer");
  return createTransport({
    host,
    ...server,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    getSocket: (_options: unknown, use: Parameters<typeof connectSmtp>[2]) =>
      connectSmtp({ host, port: server.port }, TIMEOUT_MS, use),
    // Texts only: nothing in a mail may make the gateway read a file or fetch a URL.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

// Subjects of tokens stand in the same list, so that only what can be nothing else counts.
const ADDRESS = /^[^\s"(),:;<>@[\\\]\p{Cc}]{1,64}@[A-Za-z0-9.-]{1,253}$/u;

/** An address from a policy is an object, so that it is never read as a list of several. */
function recipients(options: EmailOptions, notice: ApprovalNotice) {
  if (options.to.length > 0) return [...options.to];
  return notice.approvers.users.filter((user) => ADDRESS.test(user)).map((address) => ({ name: "", address }));
}

function mail(notification: ApprovalMessage, from: string) {
  const { id, notice, url } = notification;
  const thread = messageId(notice.requestId, url);
  return {
    from,
    subject: `${headline(notice)}: ${subjectName(notice)}`,
    messageId: messageId(id, url),
    inReplyTo: thread,
    references: thread,
    text: mailText(notice, url),
    html: mailHtml(notice, url),
    // Keeps mail systems from answering with notes of absence. RFC 3834 §5
    headers: { "Auto-Submitted": "auto-generated" },
  };
}

function messageId(key: string, url: string): string {
  const digest = createHash("sha256").update(key).digest("hex").slice(0, 32);
  return `<${digest}@${new URL(url).hostname.replace(/^\[|\]$/g, "")}>`;
}

/** What the server said may repeat addresses and more: only codes are told. */
function refusedBy(err: unknown): Delivery {
  const code =
    err instanceof Error && "code" in err && typeof err.code === "string" ? err.code : "the connection failed";
  const reply = err instanceof Error && "responseCode" in err ? err.responseCode : undefined;
  const error = typeof reply === "number" ? `${code}: SMTP reply ${reply}` : code;
  // RFC 5321 §4.2.1: 5yz is for good. A refused login is not: the operator can put it right.
  const permanent = typeof reply === "number" && reply >= 500 && (code === "EENVELOPE" || code === "EMESSAGE");
  return { ok: false, error, retry: !permanent };
}
