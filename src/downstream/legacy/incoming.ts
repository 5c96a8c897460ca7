import type { Call } from "../../core/call.ts";
import type { Request } from "../../mcp/classify.ts";
import type { RpcId } from "../../mcp/messages.ts";
import type { Edge, RequestContext } from "../edge.ts";
import type { Reply } from "../reply.ts";
import type { LegacySession } from "./session.ts";

/** A legacy request as it came in, with its session, and where the answer goes. */
export interface LegacyIncoming {
  readonly session: LegacySession;
  readonly request: Request;
  readonly context: RequestContext;
  readonly reply: Reply;
}

/** A call of a legacy client that is not answered yet. */
export interface OpenCall {
  readonly edge: Edge;
  readonly session: LegacySession;
  readonly id: RpcId;
  readonly call: Call;
  readonly reply: Reply;
  /** For how long it may still be held, ms. */
  holdMs(): number;
}
