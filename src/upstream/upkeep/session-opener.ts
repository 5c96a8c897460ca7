import type { UpstreamFault } from "../../core/round.ts";
import type { ConnectionHost, Opened } from "../protocol/connection.ts";
import type { Connector } from "../reaching/connector.ts";
import type { StateKeeper } from "../reaching/state.ts";
import type { Supervisor } from "../reaching/supervisor.ts";
import type { PeerSession } from "../sessions/peer-session.ts";
import type { SessionPool } from "../sessions/session-pool.ts";

export interface SessionOpenerDeps {
  readonly upstream: string;
  readonly maxSessions: number;
  readonly supervisor: Supervisor;
  readonly state: StateKeeper;
  readonly pool: SessionPool;
  /** The session of the gateway itself. */
  readonly system: PeerSession;
}

/** Opens the connections of sessions with one upstream, once it is reached and there is room. */
export class SessionOpener {
  readonly #deps: SessionOpenerDeps;

  constructor(deps: SessionOpenerDeps) {
    this.#deps = deps;
  }

  /** Opens one for this session. */
  async open(session: PeerSession, host: ConnectionHost): Promise<Opened> {
    const { supervisor, state, system } = this.#deps;
    const refusal = await supervisor.awaitReached();
    if (refusal !== undefined) return { ok: false, fault: refusal.fault };
    if (supervisor.connector?.route.era === "legacy" && session !== system) {
      const busy = await this.#waitForRoom(session);
      if (busy !== undefined) return { ok: false, fault: busy };
    }
    // It may have gone while there was no room.
    const gone = state.refusal();
    if (gone !== undefined) return { ok: false, fault: gone.fault };
    const { connector } = supervisor;
    if (connector === undefined) return { ok: false, fault: state.notReached().fault };
    const opened = await this.#openAs(connector, session, host);
    // A system connection that had to be opened again may have missed changes.
    if (session === system && opened.ok) supervisor.announceLists();
    return opened;
  }

  /** Opens a session; where the handshake is refused although others were taken, the server may be of another era by now. */
  async #openAs(connector: Connector, session: PeerSession, host: ConnectionHost): Promise<Opened> {
    const { supervisor, system } = this.#deps;
    const opened = await connector.open(session.declaredTo(connector.route.era), host);
    if (opened.ok || opened.fault.code !== "UPSTREAM_INVALID" || connector.route.transport !== "http") return opened;
    await supervisor.eraLost(opened.fault.detail);
    const found = supervisor.connector;
    // The system connection comes with what was found.
    const other = found !== undefined && found !== connector && session !== system;
    return other ? found.open(session.declaredTo(found.route.era), host) : opened;
  }

  async #waitForRoom(session: PeerSession): Promise<UpstreamFault | undefined> {
    const { upstream, maxSessions, pool } = this.#deps;
    if (await pool.reserve(session)) return undefined;
    const detail = `The caller's share of the ${maxSessions} sessions with it is in use. Raise its limit, or wait.`;
    return { code: "UPSTREAM_BUSY", upstream, detail, executed: "no", ours: true };
  }
}
