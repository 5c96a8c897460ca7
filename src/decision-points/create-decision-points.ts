import { personKey } from "../core/principal.ts";
import { TimedTurns } from "../core/timed-turns.ts";
import { createAuthZenPoint } from "./authzen.ts";
import type { DecisionPoints } from "./decision-points.ts";
import { createGrpcAuthzPoint, type GrpcPointOptions } from "./ext-authz-grpc.ts";
import { createHttpAuthzPoint } from "./ext-authz-http.ts";
import { createOpaPoint, type OpaOptions } from "./opa.ts";
import { type HttpPointOptions, MAX_AT_ONCE, type Point } from "./point.ts";
import { pointError } from "./read-answer.ts";

/** One decision point of the configuration: exactly one of its kinds. */
export interface DecisionPointOptions {
  readonly name: string;
  readonly authzen?: (HttpPointOptions & Timing) | undefined;
  readonly opa?: (OpaOptions & Timing) | undefined;
  readonly extAuthz?: ((HttpPointOptions | GrpcPointOptions) & Timing) | undefined;
}

interface Timing {
  /** Of a question, its wait for a turn, the connection and the answer included. */
  readonly timeoutMs: number;
}

/** Decision points that hold connections. */
export interface OpenDecisionPoints extends DecisionPoints {
  /** Drops their connections: questions that are open are errors. */
  close(): Promise<void>;
}

interface Known {
  readonly point: Point;
  readonly timeoutMs: number;
  readonly turns: TimedTurns;
}

/** Makes the decision points of a configuration. Nothing is asked before somebody has a request. */
export function createDecisionPoints(options: readonly DecisionPointOptions[]): OpenDecisionPoints {
  const points = new Map(options.map((one) => [one.name, knownOf(one)]));
  return {
    async ask(name, input, cancellation) {
      const known = points.get(name);
      if (known === undefined) return pointError("There is no decision point of this name.");
      const { point, timeoutMs, turns } = known;
      const terms = { holder: personKey(input.principal), timeoutMs, cancellation };
      const end = await turns.run(terms, (signal) => point.ask(input, signal));
      return end.kind === "done" ? end.value : pointError(ENDS[end.kind](timeoutMs));
    },
    async close() {
      await Promise.all([...points.values()].map(({ point }) => point.close()));
    },
  };
}

const LIMITS = { places: MAX_AT_ONCE, waitingOfOne: 64, waiting: 1_024 };

const ENDS = {
  late: (ms: number) => `It did not answer within ${ms} ms.`,
  given_up: () => "The request was given up before it answered.",
  full: () => "Too many other questions wait for it.",
} as const;

function knownOf({ name, authzen, opa, extAuthz }: DecisionPointOptions): Known {
  const known = (point: Point, { timeoutMs }: Timing): Known => ({ point, timeoutMs, turns: new TimedTurns(LIMITS) });
  if (authzen !== undefined) return known(createAuthZenPoint(authzen), authzen);
  if (opa !== undefined) return known(createOpaPoint(opa), opa);
  if (extAuthz !== undefined) {
    const isGrpc = "target" in extAuthz;
    return known(isGrpc ? createGrpcAuthzPoint(extAuthz) : createHttpAuthzPoint(extAuthz), extAuthz);
  }
  throw new Error(`The schema let the decision point ${name} pass without a kind.`);
}
