import type { Log } from "../../core/log.ts";
import type { FaultRound } from "../../core/round.ts";
import type { Shares } from "../../core/shares.ts";
import type { ListKind } from "../../mcp/messages.ts";
import type { Intake } from "../messages/intake.ts";
import type { ConnectionHost, Opened } from "../protocol/connection.ts";

/** What a session needs of the upstream that it belongs to. */
export interface SessionOwner<Session> {
  readonly name: string;
  readonly timeoutMs: number;
  readonly log: Log;
  readonly intake: Intake;
  /** Places of calls in flight. */
  readonly calls: Shares;
  /** A session that could make room for another: it has nothing to do any more, or its connection ended. */
  freed(): void;
  now(): number;
  /** The answer to every call while the upstream is down. */
  refusal(): FaultRound | undefined;
  /** Opens a connection for this session, waiting for the upstream to be reached first. */
  open(session: Session, host: ConnectionHost): Promise<Opened>;
  /** The upstream does not speak what it used to: finds out again. */
  eraLost(detail: string): Promise<void>;
  /** `session`: which was told. */
  listChanged(list: ListKind, session: Session): void;
  /** Delay in ms before reconnect number `attempt` in a row. */
  delay(attempt: number): number;
}
