import { isIP } from "node:net";

/** Where and how mail is handed over. */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; otherwise STARTTLS where the server offers it. */
  readonly secure: boolean;
  /** Never without TLS. */
  readonly requireTLS: boolean;
  readonly auth?: { readonly user: string; readonly pass: string };
}

/**
 * The parts of `smtp://user:password@host:587` or `smtps://…`. A password never travels in the clear, except to this
 * machine. Nothing else of the URL counts: settings in its query could turn off what is checked here.
 * @throws when it is no such URL; the message does not repeat it
 */
export function smtpServer(text: string): SmtpServer {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === "" || !(url.protocol === "smtp:" || url.protocol === "smtps:")) {
    throw new Error("A mail server is written smtp://host:587 or smtps://host, user and password before the host.");
  }
  const secure = url.protocol === "smtps:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const hasAuth = url.username !== "";
  return {
    host,
    port: url.port === "" ? (secure ? 465 : 587) : Number(url.port),
    secure,
    requireTLS: !secure && hasAuth && !isThisMachine(host),
    ...(hasAuth && { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }),
  };
}

function isThisMachine(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
