import type { Config } from "./schema/schema.ts";

// Upstreams and endpoints, with their policies, and users with passwords are taken over while the gateway runs; everything else is read at the start.
const KEYS = {
  server: "server",
  auth: "auth",
  registration: "registration",
  policies: "policies",
  approvalFlows: "approval_flows",
  notifiers: "notifiers",
  decisionPoints: "decision_points",
  guards: "guards",
  stepUp: "step_up",
  store: "store",
  audit: "audit",
  secretKey: "secrets",
  previousKeys: "secrets",
  denials: "errors",
} as const satisfies Record<Exclude<keyof Config, "upstreams" | "endpoints" | "policyFolders">, string>;

/** The keys, as the file has them, that differ and take effect only at the next start. */
export function restartNeeded(before: Config, after: Config): readonly string[] {
  const changed = Object.entries(KEYS).flatMap(([field, key]) => (same(before, after, field) ? [] : [key]));
  return [...new Set(changed)];
}

function same(before: Config, after: Config, field: string): boolean {
  // Users with passwords come and go while the gateway runs.
  const kept = (config: Config) => ({ ...config, auth: { ...config.auth, basic: undefined } });
  const pick = (config: Config) => JSON.stringify(Object.entries(kept(config)).find(([name]) => name === field));
  return pick(before) === pick(after);
}
