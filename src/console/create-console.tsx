import { Hono } from "hono";
import type { Audit } from "../audit/audit.ts";
import type { Log } from "../core/log.ts";
import type { Refusals } from "../core/refusals.ts";
import type { Arrive } from "../http/arrivals.ts";
import type { Attempts } from "../http/attempts.ts";
import type { HostPolicyOptions } from "../http/hosts.ts";
import type { ApiKeyLookup } from "../identity/api-keys.ts";
import type { Operations } from "../operations/operations.ts";
import type { Operator } from "../operations/operator.ts";
import type { SignInFlow } from "../step-up/provider/sign-in-flow.ts";
import { StoreError } from "../store/store-error.ts";
import { type Area, mayEnter } from "./area.ts";
import { loadAssets } from "./assets.ts";
import type { ConsoleEnv } from "./console-env.ts";
import { guardRequests, guardSessions, recordRefusedPage } from "./guard.ts";
import type { Trouble } from "./navigation.ts";
import { missingPage, refusedPage } from "./plain-pages.tsx";
import { createProviderSignIn } from "./sign-in/provider-sign-in.tsx";
import type { ConsoleSessions } from "./sign-in/sessions.ts";
import { createSignIn, createSignOut } from "./sign-in/sign-in.tsx";
import { createSignInRecord } from "./sign-in/sign-in-record.ts";
import { createYou } from "./you.tsx";

export interface ConsoleDeps {
  /** In the order of the navigation; see `areas.ts`. */
  readonly areas: readonly Area[];
  readonly operations: Operations;
  readonly sessions: ConsoleSessions;
  readonly arrive: Arrive;
  readonly attempts: Attempts;
  readonly audit: Pick<Audit, "record">;
  /** Hears of what is refused. */
  readonly refusals: Refusals;
  /** As the MCP endpoint has them. The console lives at the public URL and nowhere else. */
  readonly hosts: HostPolicyOptions;
  /** Finds the owner of a key; `undefined` where no key belongs to a person. */
  readonly keyOwner: ApiKeyLookup | undefined;
  /** The way to the identity provider, and its host; `undefined`: nobody can sign in there. */
  readonly signIns: { readonly flow: SignInFlow; readonly provider: string } | undefined;
  /** Roles whose holders administer the gateway. */
  readonly adminRoles: readonly string[];
  /** ms since the epoch. */
  readonly now: () => number;
  readonly log: Log;
}

/**
 * Makes the pages below `/console`, to be mounted at the root before whoever else serves `/oauth/callback`. Each request is checked in this order: what may come
 * once and whence it comes (400), Host and Origin (403), then who is signed in (else to the sign-in), for a form its shape and its token (400, 403), then whether the
 * area is for them (403). Only then does a page look at it.
 */
export function createConsole(deps: ConsoleDeps): Hono<ConsoleEnv> {
  const { areas, sessions, arrive, attempts, refusals, hosts, keyOwner, signIns, adminRoles, now, log } = deps;
  const record = createSignInRecord(deps);
  const secure = hosts.publicUrl.startsWith("https:");
  const assets = loadAssets();
  const app = new Hono<ConsoleEnv>();
  const below = (path: string) => [path, `${path}/*`];

  app.onError((err, c) => {
    log.error({ err, method: c.req.method }, "A page of the console failed");
    return refusedPage(c, err instanceof StoreError ? "store" : "fault");
  });
  const guard = guardRequests({ arrive, hosts, assets: assets.url, refusals, now, log });
  for (const path of below("/console")) app.use(path, guard);
  app.route("/", assets.app);
  const provider = signIns?.provider;
  app.route("/", createSignIn({ sessions, keyOwner, provider, log, attempts, record, secure }));
  if (signIns !== undefined)
    app.route("/", createProviderSignIn({ sessions, ...signIns, attempts, record, secure, guard, log }));
  for (const path of below("/console")) app.use(path, guardSessions({ sessions, refusals, adminRoles, areas }));
  for (const path of below("/console")) {
    app.use(path, async (c, next) => {
      const entered = c.get("areas") ?? [];
      c.set(
        "troubles",
        troublesIn(
          deps,
          areas.filter((area) => entered.includes(area)),
        ),
      );
      return next();
    });
  }
  app.use("/console/*", async (c, next) => {
    if (c.req.method === "GET") c.set("waiting", await waitingIn(deps, c.get("operator")));
    return next();
  });
  app.route("/", createSignOut({ sessions, record, secure }));
  app.route("/", createYou());
  for (const area of areas) {
    const path = `/console/${area.path}`;
    for (const each of below(path)) {
      app.use(each, async (c, next) => {
        if (mayEnter(area, c.get("operator"))) return next();
        recordRefusedPage(refusals, c, "ADMIN_REQUIRED");
        return refusedPage(c, "admin");
      });
    }
    app.route(path, area.create(deps));
  }
  app.get("/console", (c) => c.redirect(`/console/${c.get("areas")?.[0]?.path ?? "you"}`, 303));
  app.all("/console/*", missingPage);
  return app;
}

/** What is wrong in these areas, by the path of the area. */
function troublesIn(deps: ConsoleDeps, areas: readonly Area[]): ReadonlyMap<string, Trouble> {
  const found = areas.map(({ path, trouble }) => [path, trouble?.(deps)] as const);
  return new Map(found.flatMap(([path, trouble]) => (trouble === undefined ? [] : [[path, trouble]])));
}

/** What waits for an operator, by the path of the area. */
async function waitingIn(deps: ConsoleDeps, operator: Operator): Promise<ReadonlyMap<string, number>> {
  const counted = deps.areas.flatMap(({ path, waiting }) => (waiting === undefined ? [] : [{ path, waiting }]));
  return new Map(
    await Promise.all(counted.map(async ({ path, waiting }) => [path, await waiting(deps, operator)] as const)),
  );
}
