import type { IncomingMessage } from "node:http";
import type { Principal } from "../core/principal.ts";

/** What requests to the API come with; they are served by `@hono/node-server`. */
export interface ApiEnv {
  readonly Bindings: { readonly incoming: IncomingMessage };
  readonly Variables: { principal: Principal };
}
