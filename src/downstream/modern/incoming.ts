import type { Cancellation } from "../../core/cancellation.ts";
import type { Request } from "../../mcp/classify.ts";
import type { RequestMeta } from "../../mcp/request-meta.ts";
import type { RequestContext } from "../edge.ts";
import type { Reply } from "../reply.ts";

/** A modern request as it came in: it brings all that is needed to answer it, and where the answer goes. */
export interface ModernIncoming {
  readonly request: Request;
  readonly meta: RequestMeta;
  readonly context: RequestContext;
  readonly cancellation: Cancellation;
  readonly reply: Reply;
}
