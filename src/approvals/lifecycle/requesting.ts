import type { ApprovalRequest } from "../../core/approval.ts";
import { refuse } from "../../core/errors.ts";
import { randomId } from "../../core/ids.ts";
import type { Slices } from "../../core/slices.ts";
import type { ApprovalStore, StoredApproval } from "../../store/approvals/approvals.ts";
import type { CallToApprove, RequestedApproval } from "../approvals.ts";
import type { ApprovalLimits, ApprovalsDeps } from "../deps.ts";
import { combineFlows } from "../rules/combine-flows.ts";
import { newApproval } from "./new-approval.ts";
import type { SealedTexts } from "./sealed-parts.ts";
import type { Transitions } from "./transitions.ts";

export interface RequestingDeps
  extends Pick<ApprovalsDeps, "flows" | "persons" | "digests" | "redact" | "shown" | "misfits" | "now"> {
  readonly store: ApprovalStore;
  readonly transitions: Transitions;
  readonly texts: SealedTexts;
  readonly limits: Pick<ApprovalLimits, "openPerUser" | "openBytesPerUser">;
  readonly slices: () => Slices;
  readonly retentionMs: number;
  view(stored: StoredApproval): ApprovalRequest;
}

/** Whoever asks and takes back in turn is stopped: each time people were told. It counts for so long. */
const TAKEN_BACK_MS = 3_600_000;

/** Makes the way from a call to its request: a new one, or that of an identical call. */
export function createRequesting(deps: RequestingDeps): (call: CallToApprove) => Promise<RequestedApproval> {
  const { store, transitions, digests, view, now, retentionMs } = deps;

  return async (call) => {
    const flows = combineFlows(call.approvals, deps.flows);
    if (flows === undefined) return refuse("FLOW_UNKNOWN");
    const slices = deps.slices();
    const { keyed: digest, bare: former } = await digests.both(call, slices);
    const run = flows.runAtOnce ? "gateway" : call.run;
    const at = now();
    const { openPerUser, openBytesPerUser } = deps.limits;
    const since = { undeliveredSince: at - retentionMs, takenBackSince: at - TAKEN_BACK_MS };
    const { issuer, subject } = call.principal;
    const requester = { issuer, subject, personHash: deps.persons.personHash(call.principal) };
    const open = () =>
      store.open({ digest, former, run, requester }, { ...since, openPerUser, openBytesPerUser }, () =>
        newApproval({
          id: `apr_${randomId()}`,
          digest,
          argumentsDigest: digests.arguments,
          run,
          call,
          flows,
          persons: deps.persons,
          texts: deps.texts,
          redact: deps.redact,
          shown: deps.shown,
          misfits: deps.misfits,
          retentionMs,
          slices,
          now: at,
        }),
      );
    let opening = await open();
    // Nobody could approve it any more: it is over, and makes room.
    if (opening.kind === "joined" && !(await transitions.holds(opening.stored))) opening = await open();
    switch (opening.kind) {
      case "opened":
        return { ok: true, kind: "opened", request: transitions.announce(opening) };
      case "joined": {
        const request = view(opening.stored);
        // It may have been approved when nobody wanted the gateway to run it yet.
        if (run === "gateway" && request.state === "approved") transitions.offer(request);
        return { ok: true, kind: "joined", request };
      }
      case "ended":
        return { ok: true, kind: "ended", request: view(opening.stored) };
      case "too_many":
        return refuse("APPROVALS_TOO_MANY");
      case "too_long":
        return refuse("APPROVALS_TOO_MANY", "Their arguments are too long together for another one.");
      case "taken_back": {
        const again = new Date(opening.since + TAKEN_BACK_MS).toISOString();
        return refuse("APPROVALS_TAKEN_BACK", `Ask again after ${again}.`);
      }
      default:
        return opening satisfies never;
    }
  };
}
