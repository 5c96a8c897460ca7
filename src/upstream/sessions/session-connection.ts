import type { InputRequest, InputResponse, Notification } from "../../core/call.ts";
import type { UpstreamFault } from "../../core/round.ts";
import type { Connection, ConnectionHost, Opened } from "../protocol/connection.ts";
import { RowOfAttempts } from "../waiting/row-of-attempts.ts";
import type { SessionOwner } from "./session-owner.ts";

export interface SessionConnectionDeps {
  readonly owner: Pick<SessionOwner<never>, "name" | "intake" | "freed" | "now" | "delay">;
  open(host: ConnectionHost): Promise<Opened>;
  onNotification(notification: Notification): void;
  onRequest(inputRequest: InputRequest): Promise<InputResponse>;
  /** There is another connection than before. */
  onAdopted(): void;
  /** Takes over when the connection ends by itself; without it, it is reopened only where it is needed. */
  readonly onLost: ((detail: string) => void) | undefined;
  /** Whether something depends on a connection that nobody has to ask for. */
  isNeeded(): boolean;
}

/** The connection of one session: opened with the first request, taken over, and opened again where it is needed. */
export class SessionConnection {
  /** Nothing is opened any more: the peer is gone. */
  released = false;
  readonly #deps: SessionConnectionDeps;
  readonly #row: RowOfAttempts;
  #current: Connection | undefined;
  #opening: Promise<Opened> | undefined;
  #host: { live: boolean } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: SessionConnectionDeps) {
    this.#deps = deps;
    this.#row = new RowOfAttempts(() => deps.owner.now());
  }

  get current(): Connection | undefined {
    return this.#current;
  }

  get isOpening(): boolean {
    return this.#opening !== undefined;
  }

  /** The host of a connection that somebody else opens; see `adopt`. */
  newHost(): ConnectionHost & { live: boolean } {
    const host = {
      live: true,
      onNotification: (notification: Notification): void => this.#deps.onNotification(notification),
      onRequest: (inputRequest: InputRequest): Promise<InputResponse> => this.#deps.onRequest(inputRequest),
      onClosed: (detail: string): void => {
        if (!host.live || this.#host !== host) return;
        host.live = false;
        this.#lost(detail);
      },
    };
    this.#host = host;
    return host;
  }

  /** Takes a connection over in place of the one before. */
  adopt(connection: Connection): void {
    const before = this.#current;
    this.#current = connection;
    this.#row.opened();
    if (before !== undefined) this.#deps.owner.intake.own(before.close());
    this.#deps.onAdopted();
  }

  /** The open connection, or the one that is being opened, or another. @throws never */
  open(): Promise<Opened> {
    if (this.#current !== undefined) return Promise.resolve({ ok: true, connection: this.#current });
    this.#opening ??= this.#openNow().finally(() => {
      this.#opening = undefined;
      this.#deps.owner.freed();
    });
    return this.#opening;
  }

  /** Closes it; the next request opens another. */
  async disconnect(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#host !== undefined) this.#host.live = false;
    const connection = this.#current;
    if (connection === undefined) return;
    this.#current = undefined;
    this.#deps.owner.freed();
    await connection.close();
  }

  /** Gives up a connection that is of no use any more, in the background, unless there is another by now. */
  drop(connection: Connection | undefined): void {
    if (connection === undefined || connection === this.#current) this.#deps.owner.intake.own(this.disconnect());
  }

  /** Replaces a connection that is of no use any more, where something depends on it. */
  renew(): void {
    this.#deps.owner.intake.own(this.disconnect());
    if (this.#deps.isNeeded()) this.#reopenLater();
  }

  /** What requests of a peer that is gone are answered with. */
  ended(): UpstreamFault {
    const detail = "The client's session has ended.";
    return { code: "UPSTREAM_CLOSED", upstream: this.#deps.owner.name, detail, executed: "no", ours: true };
  }

  async #openNow(): Promise<Opened> {
    const opened = await this.#deps.open(this.newHost());
    if (!opened.ok) return opened;
    if (this.released) {
      await opened.connection.close();
      return { ok: false, fault: this.ended() };
    }
    this.adopt(opened.connection);
    return opened;
  }

  #lost(detail: string): void {
    const connection = this.#current;
    this.#current = undefined;
    const { owner, onLost } = this.#deps;
    if (connection !== undefined) owner.intake.own(connection.close());
    owner.freed();
    if (onLost !== undefined) onLost(detail);
    else if (this.#deps.isNeeded()) this.#reopenLater();
  }

  #reopenLater(): void {
    clearTimeout(this.#timer);
    const { owner } = this.#deps;
    const { intake } = owner;
    this.#timer = intake.later(() => intake.own(this.#reopen()), owner.delay(this.#row.next()));
  }

  async #reopen(): Promise<void> {
    if (this.released || !this.#deps.isNeeded()) return;
    const opened = await this.open();
    if (!opened.ok) this.#reopenLater();
  }
}
