import type { IncomingMessage } from "node:http";
import type { Operator } from "../operations/operator.ts";

/** What requests to the API come with; they are served by `@hono/node-server`. */
export interface ApiEnv {
  readonly Bindings: { readonly incoming: IncomingMessage };
  readonly Variables: {
    operator: Operator;
    /** Where the request comes from; see `ClientAddress`. */
    ip: string;
  };
}
