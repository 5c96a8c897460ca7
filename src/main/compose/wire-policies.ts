import { basename } from "node:path";
import type { AdminAct } from "../../audit/audit.ts";
import { whyNoClientAddress } from "../../config/checks/client-address.ts";
import type { Config } from "../../config/schema/schema.ts";
import type { WiredGateway } from "../../gateway/create-gateway.ts";
import type { EventSource } from "../../operations/events/create-events.ts";
import { type OpenedDirectory, watchPolicies } from "../../policy/compile/directory.ts";
import type { WireDeps } from "./deps.ts";

/** Who hears of what changes. Nobody has seen a list before there is a gateway, so that an earlier change concerns nobody. */
export interface Listeners {
  policiesReplaced: WiredGateway["policiesReplaced"];
  policiesChanged: EventSource["policiesChanged"];
  definitionsChanged: EventSource["definitionsChanged"];
  /** Puts an act at the gateway on record. */
  record: (act: AdminAct) => void;
}

const ABOUT = { about: "admin", id: "policies", actor: undefined } as const;

/** More names of files than these say nothing more. */
const MAX_FILES = 20;

/** Compiles the policies of all levels and watches their folders. */
export async function wirePolicies(
  config: Config,
  { log, now }: Pick<WireDeps, "log" | "now">,
  listeners: Listeners,
): Promise<OpenedDirectory> {
  const announce = (refused: boolean): void => {
    if (opened.ok) listeners.policiesChanged({ digest: opened.policies.current().digest, refused });
  };
  const opened = await watchPolicies({
    dir: config.policies.dir,
    folders: config.policyFolders,
    default: config.policies.default,
    flows: config.approvalFlows.map((flow) => flow.name),
    decisionPoints: config.decisionPoints.map(({ name }) => name),
    guards: config.guards.map(({ name }) => name),
    noClientAddress: whyNoClientAddress(config.server),
    log,
    now,
    onSwap(set, before) {
      const facts = { before: before.digest, after: set.digest, policies: set.policies.length };
      listeners.record({ ...ABOUT, at: now(), outcome: "policies_changed", facts });
      listeners.policiesReplaced(before, set);
      announce(false);
    },
    onRefused(errors) {
      const files = [...new Set(errors.map(({ file }) => basename(file)))].slice(0, MAX_FILES);
      const facts = {
        files,
        mistakes: errors.length,
        ...(opened.ok ? { before: opened.policies.current().digest } : {}),
      };
      listeners.record({ ...ABOUT, at: now(), outcome: "policies_refused", facts });
      announce(true);
    },
    onRepaired: () => announce(false),
  });
  return opened;
}
