import type { Approvals } from "../../approvals/approvals.ts";
import type { ApprovalRequest } from "../../core/approval.ts";
import { DearWorks } from "../../core/dear-work.ts";
import { refuse } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { PausedEnd, SettledOutcome } from "../../core/outcome.ts";
import { personKey, principalKey } from "../../core/principal.ts";
import { unapprovedText } from "../approval-texts.ts";
import type { Links } from "../steps/links.ts";
import type { Fetcher, GivenOut, GiveOut } from "./kept-results.ts";
import { decodeOutcome, type StoredOutcome } from "./stored-outcome.ts";

export interface RequestEndsDeps {
  readonly approvals: Pick<Approvals, "result" | "history" | "delivered">;
  /** Where people find a request. */
  readonly link: (id: string) => string;
  readonly links: Pick<Links, "from">;
  readonly giveOut: GiveOut;
  readonly log: Log;
}

/** Says to whom a request ended how; `undefined` while it waits or runs, and once nobody is there to hear it. @throws StoreError */
export type RequestEnds = (request: ApprovalRequest, fetcher: Fetcher) => Promise<PausedEnd | undefined>;

/** Makes the function that says how requests ended. */
export function createRequestEnds(deps: RequestEndsDeps): RequestEnds {
  const { approvals, links, giveOut, log } = deps;
  const works = new DearWorks();
  // Read once for as long as its bytes are remembered.
  const read = new WeakMap<Uint8Array, StoredOutcome>();

  function delivered(id: string): void {
    approvals.delivered(id).catch((err: unknown) => {
      // An identical call is answered once more then, and nothing runs because of it.
      log.warn({ err, request: id }, "That an end was told could not be written down.");
    });
  }

  function unapproved(request: ApprovalRequest, reason?: string): SettledOutcome {
    const link = deps.link(request.id);
    return { kind: "unapproved", request, link, message: unapprovedText(request, reason) };
  }

  async function keptOf(id: string): Promise<StoredOutcome | undefined> {
    const stored = await approvals.result(id);
    const kept = stored && (read.get(stored) ?? decodeOutcome(stored));
    if (stored !== undefined && kept !== undefined) read.set(stored, kept);
    return kept;
  }

  async function outcomeOf(request: ApprovalRequest, fetcher: Fetcher): Promise<GivenOut | undefined> {
    const whole = (outcome: SettledOutcome): GivenOut => ({ outcome, heldBack: false });
    switch (request.state) {
      case "pending":
      case "approved":
      case "executing":
        return undefined;
      case "succeeded":
      case "failed": {
        // Found out by an administrator, who has no result either.
        if (!request.hasResult) return whole(unapproved(request));
        const look = () => giveOut(request, () => keptOf(request.id), fetcher);
        const looked = await works.take(personKey(fetcher.principal), fetcher.cancellation, look);
        if (looked.kind === "gone") return undefined;
        if (looked.kind === "crowded") return CROWDED;
        // Purged by now.
        return looked.value ?? whole(unapproved(request));
      }
      case "rejected":
        return whole(unapproved(request, request.decisions.find(({ decision }) => decision === "reject")?.reason));
      case "invalidated": {
        const events = await approvals.history(request.id);
        return whole(unapproved(request, events.find(({ to }) => to === "invalidated")?.reason));
      }
      case "expired":
      case "cancelled":
      case "indeterminate":
        return whole(unapproved(request));
      default:
        return request.state satisfies never;
    }
  }

  return async (request, fetcher) => {
    const given = await outcomeOf(request, fetcher);
    if (given === undefined) return undefined;
    let { outcome } = given;
    // It is kept as the server gave it, and may be told at another endpoint than the one at which it was asked for.
    const receiver = { scope: fetcher.scope, holder: principalKey(fetcher.principal) };
    const shown = links.from(receiver, request.upstream);
    if (outcome.kind === "result") outcome = { kind: "result", result: shown.result(outcome.result) };
    else if (outcome.kind === "error") outcome = { kind: "error", error: shown.error(outcome.error) };
    // Of an open end nobody is told for good: identical calls go on joining it until people have found out, or it may be given out.
    const open = given.heldBack || request.state === "indeterminate";
    const later = given.later === true ? { later: given.later } : {};
    return { ended: true, outcome, ...later, delivered: () => (open ? undefined : delivered(request.id)) };
  };
}

/** They look at so many results that they are told to come again. */
const CROWDED: GivenOut = {
  outcome: { kind: "refused", refusal: refuse("TOO_MANY_OPEN") },
  heldBack: true,
  later: true,
};
