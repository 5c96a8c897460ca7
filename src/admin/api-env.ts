import type { IncomingMessage } from "node:http";
import type { Operator } from "../operations/operator.ts";
import type { Refused } from "./http/problem.ts";

/** What requests to the API come with; they are served by `@hono/node-server`. */
export interface ApiEnv {
  readonly Bindings: { readonly incoming: IncomingMessage };
  readonly Variables: {
    /** `undefined` before it is known who asks. */
    operator: Operator;
    /** Where the request comes from; see `ClientAddress`. */
    ip: string;
    /** What whoever lacks a better credential is told where one is wanted. */
    insufficient: Refused | undefined;
  };
}
