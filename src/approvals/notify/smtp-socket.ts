import { Socket } from "node:net";

/**
 * What a mail server may say in all while it takes one message. Honest ones say some hundred bytes, and a line for each
 * recipient.
 */
const MAX_SAID_BYTES = 65_536;

/** How often it is looked what came through TLS, ms. */
const LOOK_MS = 100;

/**
 * A socket that ends when the mail server has said too much. The SMTP library bounds one reply, but keeps any number of
 * replies that nobody waits for, goes through them after the connection has ended, and holds up everybody by that.
 */
export class SmtpSocket extends Socket {
  #said = 0;

  constructor() {
    super();
    // What comes through TLS is never pushed here.
    const timer = setInterval(() => this.#bound(0), LOOK_MS);
    timer.unref();
    this.once("close", () => clearInterval(timer));
  }

  override push(chunk: Buffer | null): boolean {
    return this.#bound(chunk?.length ?? 0) && super.push(chunk);
  }

  #bound(more: number): boolean {
    this.#said += more;
    if (Math.max(this.#said, this.bytesRead) <= MAX_SAID_BYTES) return true;
    this.destroy(new Error("The mail server says too much."));
    return false;
  }
}

/** Connects one, and hands it over, or the error of it. */
export function connectSmtp(
  { host, port }: { readonly host: string; readonly port: number },
  timeoutMs: number,
  done: (err: Error | null, connected?: { readonly connection: Socket }) => void,
): void {
  const socket = new SmtpSocket();
  const timer = setTimeout(
    () => socket.destroy(Object.assign(new Error("No connection in time."), { code: "ETIMEDOUT" })),
    timeoutMs,
  );
  const failed = (err: Error): void => {
    clearTimeout(timer);
    done(err);
  };
  socket.once("error", failed);
  socket.connect({ host, port }, () => {
    clearTimeout(timer);
    socket.off("error", failed);
    done(null, { connection: socket });
  });
}
