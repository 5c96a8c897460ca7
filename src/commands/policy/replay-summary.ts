import { knownAs } from "../../core/known-as.ts";
import type { PolicySummary } from "../../policy/policy-set.ts";
import type { RecordedCall } from "../../policy/replay/recorded-call.ts";
import type { Loss, Replayed, Verdict } from "../../policy/replay/replay.ts";

/** One call that would be decided otherwise. */
export interface ReplayExample {
  readonly callId: string;
  /** ms since the epoch. */
  readonly at: number;
  /** E-mail, else subject. */
  readonly user: string;
  /** `upstream/tool`. */
  readonly tool: string;
}

/** Calls that would go from one effect to another because of one policy. */
export interface ReplayChange {
  readonly before: string;
  readonly after: string;
  /** The one that stops the call now; for an `allow` the one that stopped it then. */
  readonly policy: string;
  calls: number;
  readonly examples: ReplayExample[];
}

/** What became of the calls of one tool. */
export interface ReplayTool {
  readonly tool: string;
  calls: number;
  changed: number;
  otherPolicies: number;
  unknown: number;
}

/** Why calls cannot be told. */
export interface ReplayLoss {
  /** Absent where it is not about one policy. */
  readonly policy?: string;
  readonly why: string;
  calls: number;
}

/** What a policy in shadow would do if it were enforced. */
export interface ReplayShadow {
  readonly policy: string;
  readonly effect: string;
  /** Calls that it matched. */
  matched: number;
  /** Of these, calls where its effect cannot be told. */
  unknown: number;
  readonly changes: { readonly before: string; readonly after: string; calls: number }[];
}

/** Everything that a replay found. Lists begin with what is most. */
export interface ReplaySummary {
  readonly calls: number;
  /** Of the first and the last call, ms since the epoch. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly same: number;
  readonly changed: number;
  readonly otherPolicies: number;
  readonly unknown: number;
  readonly changes: readonly ReplayChange[];
  readonly tools: readonly ReplayTool[];
  readonly losses: readonly ReplayLoss[];
  readonly shadows: readonly ReplayShadow[];
  /** Requests about prompts and resources: they are not decided again. */
  readonly others: number;
}

/** Adds calls up as they come. */
export interface ReplayTally {
  add(call: RecordedCall, replayed: Replayed): void;
  /** A row that is not decided: it cannot be read, or somebody changed it. */
  lose(why: "unreadable" | "changed"): void;
  /** `others`: requests on record about anything but tools. */
  summary(others?: number): ReplaySummary;
}

// Names in a record are whatever was called: what goes beyond is added up in one line.
const MAX_LINES = 1_000;
const OTHERS = "(others)";

/** Makes the tally of one replay: little memory, however many calls. `examples`: of each change at most so many. */
export function createReplayTally(policies: readonly PolicySummary[], examples: number): ReplayTally {
  const changes = new Lines<ReplayChange>();
  const tools = new Lines<ReplayTool>();
  const losses = new Lines<ReplayLoss>();
  const shadows = new Map(
    policies
      .filter(({ shadow, enabled, effect }) => shadow && enabled && effect !== "redact" && effect !== "rate_limit")
      .map(({ id, effect }) => [id, { policy: id, effect, matched: 0, unknown: 0, changes: [] } as ReplayShadow]),
  );
  const counts = { calls: 0, same: 0, changed: 0, otherPolicies: 0, unknown: 0 };
  let first: number | undefined;
  let last: number | undefined;

  function addChange(call: RecordedCall, before: Verdict, after: Verdict): void {
    const policy = after.policy ?? before.policy ?? "-";
    const change = changes.at([before.effect, after.effect, policy], (show) => {
      return { before: show(before.effect), after: show(after.effect), policy: show(policy), calls: 0, examples: [] };
    });
    change.calls++;
    if (change.examples.length >= examples) return;
    const { callId, at, issuer, email, subject } = call;
    change.examples.push({ callId, at, user: knownAs({ issuer, email, subject }), tool: toolOf(call) });
  }

  function addLoss({ policy, why }: Loss): void {
    const key = policy === undefined ? [why] : [why, policy];
    const line = losses.at(key, (show) => {
      return { ...(policy !== undefined && { policy: show(policy) }), why: show(why), calls: 0 };
    });
    line.calls++;
  }

  function toolAt(name: string): ReplayTool {
    return tools.at([name], (show) => {
      return { tool: show(name), calls: 0, changed: 0, otherPolicies: 0, unknown: 0 };
    });
  }

  function addShadows(replayed: Exclude<Replayed, { kind: "unknown" }>): void {
    const before = replayed.after.effect;
    for (const { policy, effect } of replayed.shadows) {
      const shadow = shadows.get(policy);
      if (shadow === undefined) continue;
      shadow.matched++;
      if (effect === undefined) shadow.unknown++;
      if (effect === undefined || effect === before) continue;
      const known = shadow.changes.find((change) => change.before === before && change.after === effect);
      if (known === undefined) shadow.changes.push({ before, after: effect, calls: 1 });
      else known.calls++;
    }
  }

  return {
    lose(why) {
      counts.calls++;
      counts.unknown++;
      const tool = toolAt("-");
      tool.calls++;
      tool.unknown++;
      addLoss({ policy: undefined, why: NOT_DECIDED[why] });
    },
    add(call, replayed) {
      counts.calls++;
      first ??= call.at;
      last = call.at;
      const tool = toolAt(toolOf(call));
      tool.calls++;
      switch (replayed.kind) {
        case "same":
          counts.same++;
          break;
        case "policies":
          counts.otherPolicies++;
          tool.otherPolicies++;
          break;
        case "changed": {
          counts.changed++;
          tool.changed++;
          const { before, effect, policy } = replayed;
          addChange(call, before, { effect, policy });
          break;
        }
        case "unknown":
          counts.unknown++;
          tool.unknown++;
          for (const loss of replayed.because) addLoss(loss);
          return;
        default:
          replayed satisfies never;
      }
      addShadows(replayed);
    },
    summary(others = 0) {
      const notable = tools.all().filter((tool) => tool.changed + tool.otherPolicies + tool.unknown > 0);
      return {
        ...counts,
        first,
        last,
        changes: byCalls(changes.all()),
        tools: notable.sort((a, b) => b.changed - a.changed || b.unknown - a.unknown || b.calls - a.calls),
        losses: byCalls(losses.all()),
        shadows: [...shadows.values()],
        others,
      };
    },
  };
}

const NOT_DECIDED = { unreadable: "the row cannot be read", changed: "the row does not fit its hash" } as const;

/** Lines of a table by their key, as many as a terminal can be asked to show. */
class Lines<T> {
  readonly #lines = new Map<string, T>();

  /** The line of a key, made where there is none. `make` puts every name through `show`. */
  at(key: readonly string[], make: (show: (name: string) => string) => T): T {
    const full = this.#lines.size >= MAX_LINES && !this.#lines.has(JSON.stringify(key));
    const id = full ? OTHERS : JSON.stringify(key);
    const known = this.#lines.get(id);
    if (known !== undefined) return known;
    const made = make((name) => (full ? OTHERS : name));
    this.#lines.set(id, made);
    return made;
  }

  all(): T[] {
    return [...this.#lines.values()];
  }
}

function byCalls<T extends { readonly calls: number }>(lines: T[]): readonly T[] {
  return lines.sort((a, b) => b.calls - a.calls);
}

function toolOf({ upstream, tool }: RecordedCall): string {
  return `${upstream}/${tool}`;
}
