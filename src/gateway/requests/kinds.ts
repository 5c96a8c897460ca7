import type { Json, JsonObject } from "../../core/json.ts";
import type { DecidedMethod } from "../../core/subject.ts";
import type { Subject } from "./subject.ts";

/** The members of a request's params that say what it is about, and what is given to that. */
export interface NamingParams {
  readonly name?: string;
  readonly uri?: string;
  readonly arguments?: JsonObject | undefined;
  readonly ref?: JsonObject | undefined;
  readonly argument?: Json | undefined;
  readonly context?: Json | undefined;
}

/** What differs from one kind of request to the next once it is known what it is about. */
export interface RequestKind {
  /** How its server names the subject. `given`: the params as the client gave them. */
  named(subject: Subject, given: JsonObject): NamingParams;
  /** Whether its caller can be asked something, or wait for people: only then it comes back with a state. */
  readonly waits: boolean;
  /** Whether its server is sent the arguments that were decided on: only then they can be replaced. */
  readonly sendsArguments: boolean;
}

/** One row for each that there is. */
export const REQUEST_KINDS: Readonly<Record<DecidedMethod, RequestKind>> = {
  "tools/call": { named: withArguments, waits: true, sendsArguments: true },
  "prompts/get": { named: withArguments, waits: true, sendsArguments: true },
  "resources/read": { named: ({ name: uri }) => ({ uri }), waits: true, sendsArguments: false },
  "resources/subscribe": { named: ({ name: uri }) => ({ uri }), waits: false, sendsArguments: false },
  "completion/complete": {
    named: ({ ref }, { argument, context }) => ({ ref, argument, context }),
    waits: false,
    sendsArguments: false,
  },
};

// What was decided is what is sent: the parsed arguments, or what policies made of them, under the own name.
function withArguments({ name, arguments: args }: Subject, given: JsonObject): NamingParams {
  const none = given["arguments"] === undefined && Object.keys(args).length === 0;
  return { name, arguments: none ? undefined : args };
}
