import PostalMime, { type Email } from "postal-mime";
import { SMTPServer } from "smtp-server";

/** One mail that was taken. */
export interface TakenMail {
  readonly from: string;
  /** Whom it was handed over for, whatever its header says. */
  readonly to: readonly string[];
  readonly secure: boolean;
  /** Who signed in. */
  readonly user: string | undefined;
  readonly raw: string;
  readonly parsed: Email;
}

/** A real SMTP server. */
export interface MailServer {
  readonly port: number;
  readonly mails: readonly TakenMail[];
  /** Users who tried to sign in. */
  readonly logins: readonly string[];
  close(): Promise<void>;
}

export interface MailServerOptions {
  /** User and password; without it everybody may send. */
  readonly login?: { readonly user: string; readonly pass: string };
  /** Addresses that are refused, with the reply's code. */
  readonly refuse?: Readonly<Record<string, number>>;
  /** The reply's code to every message's content. */
  readonly refuseContent?: number;
  /** Whether STARTTLS is offered. Its certificate is nobody's that clients trust. Default: no. */
  readonly startTls?: boolean;
}

/** Starts an SMTP server on a free port. */
export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const mails: TakenMail[] = [];
  const logins: string[] = [];
  const server = new SMTPServer({
    authOptional: options.login === undefined,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    disabledCommands: options.startTls === true ? [] : ["STARTTLS"],
    logger: false,
    onAuth(auth, _session, done) {
      logins.push(auth.username ?? "");
      const known = auth.username === options.login?.user && auth.password === options.login?.pass;
      if (known) done(null, { user: auth.username ?? "" });
      else done(reply(535, "secret-canary is not the password"));
    },
    onRcptTo(address, _session, done) {
      const code = options.refuse?.[address.address];
      done(code === undefined ? null : reply(code, `secret-canary ${address.address}`));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", async () => {
        if (options.refuseContent !== undefined) {
          done(reply(options.refuseContent, "secret-canary"));
          return;
        }
        const raw = Buffer.concat(chunks).toString("utf8");
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          secure: session.secure,
          user: typeof session.user === "string" ? session.user : undefined,
          raw,
          parsed: await PostalMime.parse(raw),
        });
        done(null);
      });
    },
  });
  // A client that ends the connection during TLS is part of the tests.
  server.on("error", () => {});
  const listening = server.listen(0, "127.0.0.1");
  await new Promise<void>((resolve) => listening.once("listening", resolve));
  const address = listening.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    mails,
    logins,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function reply(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}
