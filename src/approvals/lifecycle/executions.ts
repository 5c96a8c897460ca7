import { ByteMemory } from "../../core/byte-memory.ts";
import { randomId } from "../../core/ids.ts";
import { canonicalJsonInSlices } from "../../core/json-in-slices.ts";
import type { Log } from "../../core/log.ts";
import type { Slices } from "../../core/slices.ts";
import type { ApprovalStore, SealedParts } from "../../store/approvals/approvals.ts";
import { StoreError } from "../../store/store-error.ts";
import type { Acted, Approvals, RequestedCall } from "../approvals.ts";
import type { CallDigests } from "../call-digest.ts";
import type { Leases } from "./leases.ts";
import { argumentsIn, type SealedTexts } from "./sealed-parts.ts";
import type { Transitions } from "./transitions.ts";

export interface ExecutionsDeps {
  readonly store: ApprovalStore;
  readonly transitions: Transitions;
  readonly texts: SealedTexts;
  readonly digests: CallDigests;
  readonly leases: Leases;
  /** This process, in the rows of what it runs. */
  readonly owner: string;
  readonly slices: () => Slices;
  readonly log: Log;
}

/** The part of the service that runs approved calls, each once. */
export type Executions = Pick<Approvals, "claim" | "finish" | "result" | "arguments" | "requestedCall">;

/** Makes the way from an approved request to the end of its run. */
export function createExecutions(deps: ExecutionsDeps): Executions {
  const { store, transitions, texts, digests, leases, log } = deps;

  async function opened(id: string, sealed: SealedParts, slices: Slices): Promise<RequestedCall | undefined> {
    const text = texts.openArguments(id, sealed.arguments);
    if (slices.isOver) await slices.next();
    const requester = texts.openRequester(id, sealed.requester);
    const args = text === undefined ? undefined : await argumentsIn(text, slices);
    if (text === undefined || args === undefined || requester === undefined) return undefined;
    return { ...requester, arguments: args };
  }

  const calls = new ByteMemory<RequestedCall>(REMEMBERED);
  const results = new ByteMemory<Uint8Array>(REMEMBERED);

  /** Of a request that somebody wrote into the database nothing is opened: they chose who may see it. */
  async function isReadable(id: string): Promise<boolean> {
    const stored = await store.find(id);
    return stored !== undefined && stored.doubt !== "broken" && stored.record.purgedAt === undefined;
  }

  async function requestedCall(id: string): Promise<RequestedCall | undefined> {
    if (!(await isReadable(id))) return undefined;
    const known = calls.get(id);
    if (known !== undefined) return known;
    const sealed = await store.sealed(id);
    if (sealed === undefined) return undefined;
    const call = await opened(id, sealed, deps.slices());
    if (call !== undefined) calls.set(id, call, PARSED * (sealed.arguments.length + sealed.requester.length));
    return call;
  }

  async function result(id: string): Promise<Uint8Array | undefined> {
    if (!(await isReadable(id))) return undefined;
    const known = results.get(id);
    if (known !== undefined) return known;
    const sealed = (await store.sealed(id))?.result;
    const bytes = sealed === undefined ? undefined : texts.openResult(id, sealed);
    // It is written once.
    if (bytes !== undefined) results.set(id, bytes, PARSED * bytes.length);
    return bytes;
  }

  return {
    async claim(id, version) {
      const [stored, sealed] = [await store.find(id), await store.sealed(id)];
      if (stored === undefined || stored.record.state !== "approved" || sealed === undefined) return undefined;
      const slices = deps.slices();
      const call = await opened(id, sealed, slices);
      const canonical = call && (await canonicalJsonInSlices(call.arguments, slices));
      if (
        call === undefined ||
        canonical === undefined ||
        !digests.isArguments(stored.record.argumentsDigest, canonical)
      ) {
        log.error(
          { request: id },
          "The arguments of an approved call cannot be opened. Has the gateway's key changed?",
        );
        await transitions.step(id, { act: "invalidate", reason: "Its arguments can no longer be read." });
        return undefined;
      }
      const executionId = randomId();
      // Its lease is renewed from before the claim, so that there is no moment in which it could be taken for lost.
      leases.started(executionId);
      let claimed: Acted | undefined;
      try {
        const step = { act: "claim", version, executionId, owner: deps.owner, leaseUntil: leases.next() } as const;
        claimed = await transitions.step(id, step);
      } finally {
        if (claimed?.ok !== true) leases.ended(executionId);
      }
      if (!claimed.ok) return undefined;
      const { principal, context, arguments: args } = call;
      return { request: claimed.request, executionId, principal, context, arguments: args };
    },
    async finish({ request: { id }, executionId }, end) {
      try {
        if (end.kind === "indeterminate") {
          return await transitions.step(id, { act: "lose", executionId, why: end.why });
        }
        const act = end.kind === "succeeded" ? "succeed" : "fail";
        const step = { act, executionId, isError: end.isError } as const;
        const sealed = texts.sealResult(id, end.result);
        return await whileLocked(() => transitions.step(id, step, sealed));
      } finally {
        // Also when it cannot be written: after the lease it is indeterminate then, which is what it is.
        leases.ended(executionId);
      }
    },
    result,
    arguments: async (id) => (await requestedCall(id))?.arguments,
    requestedCall,
  };
}

/** Whoever has opened something asks for it again, within seconds mostly. Memory that a dump of the process shows, so not for long. */
const REMEMBERED = { maxBytes: 64 * 1024 * 1024, keepMs: 60_000 };

/** Read, values take several times as much as their text. */
const PARSED = 4;

/** How often the end of a run is tried to be written down while another program, a backup say, keeps the store locked. */
const ATTEMPTS = 10;

// Each attempt waits for a while by itself. What is known of a run now is known by nobody later.
async function whileLocked<T>(work: () => Promise<T>): Promise<T> {
  for (let left = ATTEMPTS; ; left -= 1) {
    try {
      return await work();
    } catch (err) {
      if (left <= 1 || !(err instanceof StoreError) || err.code !== "STORE_LOCKED") throw err;
    }
  }
}
