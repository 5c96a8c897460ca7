import type { ApprovalRequest, ApprovalState } from "../../src/core/approval.ts";
import type { Call } from "../../src/core/call.ts";
import type { Cancellation } from "../../src/core/cancellation.ts";
import type { Outcome, PausedEnd, PausedOutcome, SettledOutcome, StillPaused } from "../../src/core/outcome.ts";
import type { Principal } from "../../src/core/principal.ts";
import { RawJson } from "../../src/core/raw-json.ts";
import type { Fetcher } from "../../src/gateway/approvals/kept-results.ts";
import type { TaskView } from "../../src/gateway/gateway.ts";
import { ToolGateway } from "./tool-gateway.ts";

export const LINK = "https://mcp.example.com/approvals/apr_1";

/** When everything about the request happened: noon of some day. */
export const NOON = Date.UTC(2026, 7, 1, 12);

/**
 * A gateway whose tool `pay` waits for people: for as long as the test likes, and then it ends as the test says. Every
 * call of it is one request of alice's. `poll` waits as long as its argument says, as the status tool does.
 */
export class PausingGateway extends ToolGateway {
  /** How long each wait was to take, ms. */
  readonly waits: number[] = [];
  /** How many waits are under way. */
  waiting = 0;
  /** How often an end was said to have reached the client. */
  delivered = 0;
  /** Ids whose end was asked for. */
  readonly cancelled: string[] = [];
  request: ApprovalRequest = pendingRequest();
  #outcome: SettledOutcome | undefined;
  readonly #wake = new Set<() => void>();
  #watchers: Array<() => void> = [];

  override async call(call: Call): Promise<Outcome> {
    const name = String(call.params["name"]);
    if (name !== "pay" && name !== "poll") return super.call(call);
    this.calls.push(call);
    return this.#paused(call, name === "poll" ? 40 : undefined);
  }

  override async task(id: string, { principal }: Fetcher): Promise<TaskView | undefined> {
    if (id !== this.request.id || principal.subject !== "alice") return undefined;
    return { request: this.request, link: LINK, end: this.#end(), needsSignIn: false };
  }

  override async cancelTask(id: string, principal: Principal): Promise<boolean> {
    if (id !== this.request.id || principal.subject !== "alice") return false;
    this.cancelled.push(id);
    return true;
  }

  /** Ends the request, and every wait for it. */
  end(state: ApprovalState, outcome: SettledOutcome): void {
    this.request = { ...this.request, state, version: this.request.version + 1 };
    this.#outcome = outcome;
    for (const wake of [...this.#wake]) wake();
  }

  /** Ends it in a state in which nobody runs it. */
  refuse(state: ApprovalState): void {
    const request = { ...this.request, state };
    this.end(state, { kind: "unapproved", request, link: LINK, message: `It is ${state}.` });
  }

  /** Ends it with the tool's answer. */
  answer(text: string): void {
    this.end("succeeded", {
      kind: "result",
      result: RawJson.fromBytes(Buffer.from(JSON.stringify({ content: [{ type: "text", text }] }))),
    });
  }

  /** Resolves once `count` waits are under way. */
  untilWaiting(count: number): Promise<void> {
    return new Promise((resolve) => {
      const watch = (): void => {
        if (this.waiting >= count) resolve();
        else this.#watchers.push(watch);
      };
      watch();
    });
  }

  #paused(call: Call, pollMs: number | undefined): PausedOutcome {
    const state = /^state-(\d+)$/.exec(String(call.params["requestState"]))?.[1];
    return {
      kind: "paused",
      request: this.request,
      link: LINK,
      leg: Number(state ?? 0),
      pollMs,
      wait: (ms, cancellation) => this.#wait(ms, cancellation),
      state: (leg) => `state-${leg}`,
    };
  }

  async #wait(ms: number, cancellation: Cancellation | undefined): Promise<PausedEnd | StillPaused> {
    this.waits.push(ms);
    if (this.#outcome === undefined && ms > 0) {
      this.waiting += 1;
      for (const watch of this.#watchers.splice(0)) watch();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake.add(resolve);
        cancellation?.onCancel(() => resolve());
        void timer.unref();
      });
      this.waiting -= 1;
    }
    return this.#end() ?? { ended: false, request: this.request };
  }

  #end(): PausedEnd | undefined {
    const outcome = this.#outcome;
    const delivered = (): void => {
      this.delivered += 1;
    };
    return outcome && { ended: true, outcome, delivered };
  }
}

/** A request of alice's for the first of two voices. */
function pendingRequest(): ApprovalRequest {
  return {
    id: "apr_1",
    state: "pending",
    version: 1,
    digest: "d",
    argumentsDigest: "a",
    argumentsRedacted: "{}",
    misfits: undefined,
    requester: {
      issuer: "https://idp.test",
      subject: "alice",
      name: undefined,
      email: undefined,
      traces: undefined,
      clientId: undefined,
      clientName: "raw",
    },
    era: "modern",
    method: "tools/call",
    upstream: "one",
    tool: "pay",
    definitionDigest: "t",
    policies: ["large-sums"],
    policySet: "s",
    flows: ["finance"],
    stages: ["finance-lead", "cfo"].map((role) => ({
      flow: "finance",
      approvers: { roles: [role], users: [] },
      required: 1,
      given: 0,
      escalated: false,
      escalatesAt: undefined,
    })),
    stage: 0,
    message: "Above the limit.",
    reason: "on_reject",
    requesterMayApprove: false,
    run: "caller",
    createdAt: NOON,
    pendingUntil: NOON + 86_400_000,
    decidedAt: undefined,
    executeUntil: undefined,
    executionStartedAt: undefined,
    executionEndedAt: undefined,
    hasResult: false,
    resultIsError: undefined,
    deliveredAt: undefined,
    decisions: [],
  };
}
