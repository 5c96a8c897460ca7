import type { Audit } from "../../src/audit/audit.ts";
import { sha256 } from "../../src/core/digest.ts";
import { createSeal } from "../../src/core/seal.ts";
import { REGISTERED_UPSTREAMS, sealEntry } from "../../src/operations/upstreams/registration.ts";
import type { Store } from "../../src/store/open-store.ts";
import { SECRET } from "./audit-key.ts";
import { opening } from "./audit-opening.ts";

/**
 * What a gateway writes besides calls and approvals: a call that was sent to sign in, the sign-in, the call once more; an
 * upstream that was registered; a browser that signed in, and a client's session; a tool, and a budget.
 */
export async function furtherActs(store: Store, record: Audit, now: () => number): Promise<void> {
  const { principal, upstream, subject: tool } = opening("");
  const { issuer, subject, email, clientId } = principal;
  const by = { issuer, subject, clientId, per: "call" as const, target: "t-1" };
  await record.open(opening("call_sent", { at: now() }));
  const at = now();
  await store.stepUp.open(
    {
      ...{ ...by, id: "c-1", key: "k-1", expected: subject, clientName: "an agent", tool: `${upstream}/${tool}` },
      ...{ acr: [["hwk"]], amr: [["pin"]], maxAgeMs: 60_000, ttlMs: 60_000, state: "open", failures: 0 },
      ...{ createdAt: at, expiresAt: at + 600_000 },
    },
    10,
  );
  record.close({ callId: "call_sent", at: now(), outcome: "step_up_pending", durationMs: 1, challenge: "c-1" });
  const signedInAt = now();
  await store.stepUp.meet({
    ...{ ...by, id: "e-1", challengeId: "c-1", acr: "hwk", amr: ["pin"], authTime: at },
    ...{ createdAt: signedInAt, expiresAt: signedInAt + 60_000 },
  });
  const actor = { issuer, subject, email };
  const signedIn = {
    about: "step_up",
    id: "c-1",
    upstream,
    subject: tool,
    policies: [],
    outcome: "signed_in",
  } as const;
  record.record({ ...signedIn, at: signedInAt, actor });
  await record.open(opening("call_again", { at: now(), challenge: "c-1" }));
  await store.stepUp.spend("e-1", now());
  record.close({ callId: "call_again", at: now(), outcome: "ok", durationMs: 1 });

  const registeredAt = now();
  const seal = createSeal(SECRET, REGISTERED_UPSTREAMS);
  for (const name of ["crm", "erp"]) {
    const entry = sealEntry(seal, name, { url: `https://${name}.example/mcp` }, { ...actor, at: registeredAt });
    await store.registeredUpstreams.add({ ...actor, name, entry, registeredAt }, 10);
  }
  for (const upstream of ["crm", "erp"]) {
    record.record({ about: "admin", id: upstream, at: now(), actor, upstream, outcome: "upstream_registered" });
  }

  const session = { issuer, subject, createdAt: now(), lastSeenAt: now() };
  const idHash = sha256("a session");
  await store.consoleSessions.create({ ...session, idHash, principal: "v1.sealed", expiresAt: now() + 60_000 }, 10);
  const client = { clientInfo: {}, capabilities: {}, logLevel: "info", subscriptions: [] };
  await store.sessions.create({ ...session, ...client, idHash, endpoint: "", protocolVersion: "2025-11-25" });
  await store.definitions.replace("crm", [{ name: "read", digest: sha256("{}"), definition: {} }], now());
  await store.upstreamEras.put({ upstream: "crm", place: sha256("crm"), era: "legacy", learnedAt: now() });
  await store.uriClaims.change("crm", "resources", [{ key: "crm://1", unlistedAt: now() }], []);
  await store.rateLimits.use([{ counter: "k", cost: 1, limit: 10, windowMs: 60_000 }]);
}
