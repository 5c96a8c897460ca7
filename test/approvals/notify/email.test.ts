import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createEmailNotifier, type EmailOptions } from "../../../src/approvals/notify/email.ts";
import type { Delivery } from "../../../src/approvals/notify/notifier.ts";
import type { ApprovalNotice } from "../../../src/core/approval.ts";
import { type MailServer, type MailServerOptions, startMailServer, type TakenMail } from "../../support/mail-server.ts";
import { notice } from "../../support/notices.ts";
import { freePort } from "../../support/program.ts";
import { recordingLog } from "../../support/recording-log.ts";

const URL = "https://gateway.example/console/approvals/apr_AAAAAAAAAAAAAAAAAAAAAA";

let server: MailServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

interface Setting extends Partial<EmailOptions> {
  readonly server?: MailServerOptions;
  readonly notice?: Partial<ApprovalNotice>;
  readonly id?: string;
  /** Before the host. */
  readonly login?: string;
}

async function send(setting: Setting = {}): Promise<{ sent: Delivery; log: ReturnType<typeof recordingLog> }> {
  server ??= await startMailServer(setting.server);
  const { from = "Portcullis <gateway@acme.example>", to = [], login = "" } = setting;
  const smtp = setting.smtp ?? `smtp://${login}127.0.0.1:${server.port}`;
  const log = recordingLog();
  const notifier = createEmailNotifier({ smtp, from, to }, log);
  const { id = "apr_AAAAAAAAAAAAAAAAAAAAAA:approval.requested:0:mail" } = setting;
  const sent = await notifier.send({ id, notice: notice(setting.notice), url: URL }, new AbortController().signal);
  return { sent, log };
}

function mail(index = 0): TakenMail {
  const found = server?.mails[index];
  if (found === undefined) throw new Error("no mail was taken");
  return found;
}

describe("an e-mail", () => {
  it("says what happened and where to look, as text and as HTML", async () => {
    expect((await send()).sent).toEqual({ ok: true });
    const { parsed, from } = mail();
    expect(from).toBe("gateway@acme.example");
    expect(parsed.from).toEqual({ name: "Portcullis", address: "gateway@acme.example" });
    expect(parsed.subject).toBe("Approval requested: expenses/create_expense");
    expect(parsed.text?.replaceAll("\r\n", "\n").trimEnd()).toBe(
      [
        "Approval requested",
        "",
        "Tool: expenses/create_expense",
        "Requested by: Bob Miller",
        "Flow: finance, stage 1 of 2",
        "Policies: large-expenses",
        "Requested at: 2026-03-01 09:30 UTC",
        "To be decided until: 2026-03-02 09:30 UTC",
        "",
        URL,
        "",
        "Nothing can be decided from this message: the page asks you to sign in.",
      ].join("\n"),
    );
    expect(parsed.html).toContain(`<a href="${URL}">Look at the request</a>`);
    expect(parsed.headers).toContainEqual(expect.objectContaining({ key: "auto-submitted", value: "auto-generated" }));
  });

  it("has the same Message-ID on a repeat, and one thread with the others about its request", async () => {
    await send();
    await send();
    await send({ id: "apr_AAAAAAAAAAAAAAAAAAAAAA:approval.reminder:0:mail", notice: { kind: "approval.reminder" } });
    const ids = server?.mails.map(({ parsed }) => parsed.messageId) ?? [];
    expect(ids[0]).toMatch(/^<[0-9a-f]{32}@gateway\.example>$/);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
    expect(new Set(server?.mails.map(({ parsed }) => parsed.references))).toHaveLength(1);
  });

  it.each<[string, Partial<EmailOptions>, readonly string[], readonly string[]]>([
    [
      "the configured addresses",
      { to: ["Team <team@acme.example>", "cfo@acme.example"] },
      ["ann@acme.example"],
      ["team@acme.example", "cfo@acme.example"],
    ],
    [
      "approvers that are addresses",
      {},
      ["ann@acme.example", "auth0|12345", "bob@acme.example"],
      ["ann@acme.example", "bob@acme.example"],
    ],
    [
      "no more than one for one approver",
      {},
      ["ann@acme.example", "a@b.example, eve@evil.example", "eve@evil.example>,<x@y.example"],
      ["ann@acme.example"],
    ],
    [
      "nobody smuggled in with a line",
      {},
      ["ann@acme.example", "a@b.example\r\nBcc: eve@evil.example"],
      ["ann@acme.example"],
    ],
  ])("goes to %s", async (_what, options, users, expected) => {
    await send({ ...options, notice: { approvers: { roles: ["cfo"], users } } });
    expect(mail().to).toEqual(expected);
  });

  it("is given up when no approver is an address", async () => {
    const { sent } = await send({ notice: { approvers: { roles: ["cfo"], users: ["auth0|12345"] } } });
    expect(sent).toEqual({ ok: false, error: "no approver of the stage is an e-mail address", retry: false });
  });

  it.each([
    ["a line with a header", "x\r\nBcc: eve@evil.example\r\n\r\nhello"],
    ["a bare line feed", "x\nBcc: eve@evil.example"],
    ["markup", '<img src=x onerror="alert(1)">&lt;b&gt;'],
    ["the end of the content", "x\r\n.\r\nMAIL FROM:<eve@evil.example>"],
    ["turned writing and a zero byte", "x\u202e\u0000y"],
  ])("is not changed by names that hold %s", async (_what, name) => {
    await send({ notice: { requester: name, tool: name, policies: [name] } });
    expect(server?.mails).toHaveLength(1);
    const { to, parsed } = mail();
    expect(to).toEqual(["ann@acme.example"]);
    expect(parsed.to).toEqual([{ name: "", address: "ann@acme.example" }]);
    expect(parsed.bcc ?? []).toEqual([]);
    expect(parsed.html).not.toContain("<img");
    expect(parsed.html?.match(/<tr>/g)).toHaveLength(6);
    expect(parsed.subject?.startsWith("Approval requested: expenses/")).toBe(true);
    expect(parsed.text).not.toMatch(/^Bcc:|^MAIL/m);
  });

  it("goes to those who can get it when some cannot, and the log tells that some did not", async () => {
    const { sent, log } = await send({
      to: ["ann@acme.example", "gone@acme.example"],
      server: { refuse: { "gone@acme.example": 550 } },
    });
    expect(sent).toEqual({ ok: true });
    expect(log.lines).toEqual([
      {
        level: "warn",
        message: "Not all got the e-mail.",
        fields: { refused: 1, request: "apr_AAAAAAAAAAAAAAAAAAAAAA" },
      },
    ]);
  });
});

describe("a mail server", () => {
  const login = { user: "gateway", pass: "p@ss/secret-canary" };
  const credentials = `${login.user}:${encodeURIComponent(login.pass)}@`;

  it("gets user and password of its URL", async () => {
    expect((await send({ login: credentials, server: { login } })).sent).toEqual({ ok: true });
    expect(mail().user).toBe("gateway");
  });

  it.each<[string, Setting, Delivery]>([
    ["the password", { login: "gateway:wrong@", server: { login } }, no("EAUTH: SMTP reply 535", true)],
    [
      "the recipients for good",
      { server: { refuse: { "ann@acme.example": 550 } } },
      no("EENVELOPE: SMTP reply 550", false),
    ],
    [
      "the recipients for now",
      { server: { refuse: { "ann@acme.example": 450 } } },
      no("EENVELOPE: SMTP reply 450", true),
    ],
    ["the content for good", { server: { refuseContent: 554 } }, no("EMESSAGE: SMTP reply 554", false)],
    ["the content for now", { server: { refuseContent: 451 } }, no("EMESSAGE: SMTP reply 451", true)],
    ["clients that do not trust its certificate", { server: { startTls: true } }, no("ESOCKET", true)],
  ])("may refuse %s, and its words are not repeated", async (_what, setting, expected) => {
    expect((await send(setting)).sent).toEqual(expected);
    expect(server?.mails).toEqual([]);
  });

  it("that does not offer TLS never sees the password, unless it is this machine", async () => {
    server = await startMailServer({ login });
    // Reaches this machine, too, but by an address of others.
    const sent = (await send({ smtp: `smtp://${credentials}0.0.0.0:${server.port}` })).sent;
    expect(sent).toEqual(no("ETLS: SMTP reply 500", true));
    expect(server.logins).toEqual([]);
    expect((await send({ smtp: `smtp://${credentials}127.0.0.1:${server.port}` })).sent).toEqual({ ok: true });
    expect(server.logins).toEqual(["gateway"]);
  });

  it("may not be there", async () => {
    expect((await send({ smtp: `smtp://u:secret-canary@127.0.0.1:${await freePort()}` })).sent).toEqual(
      no("ECONNREFUSED", true),
    );
  });

  it("may never greet: the attempt is cut off", async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = silent.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const notifier = createEmailNotifier(
      { smtp: `smtp://127.0.0.1:${port}`, from: "a@b.example", to: [] },
      recordingLog(),
    );
    const controller = new AbortController();
    const closed = new Promise<void>((resolve) => {
      silent.once("connection", (socket) => {
        socket.on("error", () => {});
        socket.once("close", () => resolve());
        socket.resume();
        controller.abort();
      });
    });
    expect(await notifier.send({ id: "id", notice: notice(), url: URL }, controller.signal)).toEqual(
      no("no answer in time", true),
    );
    await closed;
    silent.close();
  });
});

function no(error: string, retry: boolean): Delivery {
  return { ok: false, error, retry };
}
