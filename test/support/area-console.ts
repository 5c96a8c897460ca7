import { onTestFinished } from "vitest";
import type { Area } from "../../src/console/area.ts";
import { createConsole } from "../../src/console/create-console.tsx";
import { createConsoleSessions } from "../../src/console/sign-in/sessions.ts";
import { createArrivals } from "../../src/http/arrivals.ts";
import { createAttempts } from "../../src/http/attempts.ts";
import { createApiKeyLookup } from "../../src/identity/api-keys.ts";
import { createCredentialMark, createPrincipalNow } from "../../src/identity/principal-now.ts";
import { createHttpServer } from "../../src/main/http-server.ts";
import { CONSOLE_CONFIG, consoleUsers, startConsole } from "./console.ts";
import { recordingLog } from "./recording-log.ts";

/** A console with areas of the test's own, on a port of its own. Ends with the test. */
export async function startAreaConsole(areas: readonly Area[]): Promise<{ readonly url: string }> {
  const { wired, operations } = (await startConsole()).running;
  const apiKeys = consoleUsers.auth.api_keys.map((key) => ({ ...key, email: undefined, groups: [] }));
  const now = Date.now;
  let fetch: ReturnType<typeof createConsole>["fetch"] | undefined;
  const server = createHttpServer((request, env) => fetch?.(request, env) ?? new Response(null, { status: 503 }));
  const listening = await server.listen({ host: "127.0.0.1", port: 0 });
  if (!listening.ok) throw new Error(listening.error);
  onTestFinished(() => server.close());
  const { port } = listening;
  const url = `http://127.0.0.1:${port}`;
  const sessions = createConsoleSessions({
    store: wired.store.consoleSessions,
    seal: wired.seal("console-session"),
    hash: wired.keyedHash("console-form"),
    principalNow: createPrincipalNow({ jwt: [], apiKeys, anonymous: false, people: [] }),
    credentialMark: createCredentialMark({ apiKeys }),
    renew: undefined,
    ...{ secure: false, now },
  });
  const hosts = { publicUrl: url, listen: () => ({ host: "127.0.0.1", port }), allowedHosts: [], allowedOrigins: [] };
  const keyOwner = createApiKeyLookup(apiKeys);
  const adminRoles = CONSOLE_CONFIG.auth.admin.roles;
  fetch = createConsole({
    ...{ audit: wired.audit, refusals: wired.refusals },
    attempts: createAttempts({ now, log: recordingLog() }),
    arrive: createArrivals({ trustedProxies: [] }),
    ...{ areas, operations, sessions, hosts, keyOwner, adminRoles, now, signIns: undefined },
    log: recordingLog(),
  }).fetch;
  return { url };
}
