import type { Approvals } from "../../approvals/approvals.ts";
import { type CallDigests, createCallDigests } from "../../approvals/call-digest.ts";
import { createApprovals } from "../../approvals/create-approvals.ts";
import { APPROVALS } from "../../approvals/lifecycle/sealed-parts.ts";
import { redact } from "../../audit/secrets/redact.ts";
import { shownSubject } from "../../audit/secrets/shown-subject.ts";
import type { Config } from "../../config/schema/schema.ts";
import { createKeyedHash } from "../../core/keyed-hash.ts";
import { createPeople } from "../../core/people.ts";
import { createPersons } from "../../core/persons.ts";
import { createSeal } from "../../core/seal.ts";
import { subjectKindOf } from "../../core/subject.ts";
import type { InputSchemas } from "../../policy/input-schemas/input-schemas.ts";
import { createStepUp, type StepUpService } from "../../step-up/create-step-up.ts";
import type { Store } from "../../store/open-store.ts";
import type { WireDeps } from "./deps.ts";

export interface WireApprovalsDeps extends Pick<WireDeps, "log" | "now" | "timing"> {
  readonly store: Store;
  readonly secret: Uint8Array;
}

interface WireApprovalFlowsDeps extends WireApprovalsDeps {
  readonly inputSchemas: InputSchemas;
}

/** Wires who approves, and what is approved; `digests` tells calls apart. */
export function wireApprovals(
  config: Config,
  { store, secret, inputSchemas, log, now, timing = {} }: WireApprovalFlowsDeps,
): { readonly approvals: Approvals; readonly digests: CallDigests } {
  const persons = createPersons({
    people: createPeople(config.auth.people),
    hash: createKeyedHash(secret, "persons"),
  });
  const digests = createCallDigests(secret);
  const approvals = createApprovals({
    persons,
    store: store.approvals,
    outbox: store.outbox,
    flows: config.approvalFlows,
    seal: createSeal(secret, APPROVALS),
    digests,
    redact,
    shown: (method, name) => shownSubject(subjectKindOf(method), name),
    async misfits({ method, upstream, tool, definitionDigest, arguments: given }) {
      // What a prompt takes was looked at before anything was decided.
      if (method !== "tools/call") return undefined;
      const definition = await store.definitions.find(upstream, tool, definitionDigest);
      const fit = definition && inputSchemas.fit(definition["inputSchema"], given);
      // A schema that cannot be used says nothing of them.
      return fit?.kind === "misfits" ? fit.misfits : fit && [];
    },
    log,
    now,
    timing: timing.approvals ?? {},
  });
  return { approvals, digests };
}

/** Wires stronger sign-ins. `publicUrl` is where browsers come back to. */
export function wireStepUp(
  config: Config,
  { store, secret, publicUrl, log, now, timing = {} }: WireApprovalsDeps & { readonly publicUrl: () => string },
): StepUpService {
  // Who signs in there is the same person as the one whose agents come with tokens from there.
  const signIns = config.auth.jwt.find(({ issuer }) => issuer === config.stepUp?.oidc.issuer);
  const emailVerified = signIns?.standing.emailVerified ?? "claim";
  return createStepUp({
    store: store.stepUp,
    options: config.stepUp && { ...config.stepUp, oidc: { ...config.stepUp.oidc, emailVerified } },
    publicUrl,
    seal: createSeal(secret, "step-up"),
    signIns: signIns && { seal: createSeal(secret, "console-sign-in"), accepts: signIns },
    log,
    now,
    limits: timing.stepUp ?? {},
  });
}
