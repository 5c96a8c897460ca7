import { join } from "node:path";
import { serve } from "@hono/node-server";
import { onTestFinished } from "vitest";
import type { StepUpRequirement } from "../../src/core/decision.ts";
import { AT_HOME, type Principal } from "../../src/core/principal.ts";
import { createSeal } from "../../src/core/seal.ts";
import { createArrivals } from "../../src/http/arrivals.ts";
import { createAttempts } from "../../src/http/attempts.ts";
import { createStepUp, type StepUpService } from "../../src/step-up/create-step-up.ts";
import type { StepUpLimits, StepUpOptions } from "../../src/step-up/options.ts";
import { createStepUpPages } from "../../src/step-up/pages/pages.ts";
import type { Challenge, StepUpCaller, StepUpEvent } from "../../src/step-up/step-up.ts";
import { openStore, type Store } from "../../src/store/open-store.ts";
import { keepingLog, temporaryDir } from "../support/audit.ts";
import { auditHash } from "../support/audit-key.ts";

/** A principal from a token of this issuer. */
export function person(issuer: string, change: Partial<Principal> = {}): Principal {
  return {
    ...{ issuer, subject: "ann", kind: "person", clientId: "agent", email: undefined, name: undefined },
    ...{ roles: [], groups: [], scopes: [], claims: { iss: issuer, sub: "ann" } },
    ...{ acr: undefined, amr: [], authTime: undefined, ...AT_HOME },
    ...change,
  };
}

/** A call of Ann's. */
export function caller(
  issuer: string,
  change: Partial<Principal> = {},
  call: Partial<StepUpCaller> = {},
): StepUpCaller {
  return { principal: person(issuer, change), callDigest: "d-1", tool: "bank/pay", session: undefined, ...call };
}

/** What policies ask: a second factor, unless changed. */
export function requirement(change: Partial<StepUpRequirement> = {}): StepUpRequirement {
  return {
    ...{ policies: ["p"], acr: [["mfa", "hwk"]], amr: [], maxAgeMs: undefined, scopes: [], ttlMs: undefined },
    ...{ per: "session", via: undefined, challenge: undefined },
    ...change,
  };
}

/** Options as a configuration gives them. */
export function stepUpOptions(issuer: string, oidc: Partial<StepUpOptions["oidc"]> = {}): StepUpOptions {
  const named = {
    issuer,
    clientId: "portcullis",
    clientSecret: undefined,
    scopes: [],
    subjectClaim: "sub",
    acrClaim: "acr",
  };
  return { oidc: { ...named, clockToleranceMs: 2_000, ...oidc }, ttlMs: 300_000 };
}

export interface TestStepUp {
  readonly service: StepUpService;
  readonly url: string;
  /** Where it listens, whatever the public URL says. */
  readonly local: string;
  readonly store: Store;
  readonly path: string;
  readonly log: ReturnType<typeof keepingLog>;
  readonly events: readonly StepUpEvent[];
  /** Opens a challenge for Ann, or whoever is named. @throws if it is refused */
  challenge(change?: Partial<StepUpRequirement>, by?: StepUpCaller): Promise<Challenge>;
  /** Keeps the next answer of the provider from the pages, and says what it was: the browser stays where it is. */
  nextAnswer(): Promise<string>;
  close(): Promise<void>;
}

export interface TestStepUpOptions {
  readonly options: () => StepUpOptions | undefined;
  readonly now?: () => number;
  readonly limits?: Partial<StepUpLimits>;
  /** Goes on where another one was: its database and its port. */
  readonly after?: { readonly path: string; readonly port: number };
  /** What the public URL says instead of `http`, as behind a proxy. */
  readonly publicUrl?: string;
}

const SECRET = new Uint8Array(32).fill(7);

/** Step-up with its pages on a real port and its store in a real file; it ends with the test. */
export async function startStepUp(given: TestStepUpOptions): Promise<TestStepUp> {
  const { now = Date.now, after } = given;
  const path = after?.path ?? join(temporaryDir(), "portcullis.db");
  const log = keepingLog();
  const store = openStore({ url: `file:${path}`, log, auditHash });
  let url = "";
  const events: StepUpEvent[] = [];
  let fetchPage: (request: Request, env: object) => Response | Promise<Response> = () =>
    new Response(null, { status: 503 });
  const server = serve({
    fetch: (request, env) => fetchPage(request, env),
    hostname: "127.0.0.1",
    port: after?.port ?? 0,
  });
  await new Promise((done) => server.once("listening", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the pages have no port");
  const { port } = address;
  url = given.publicUrl ?? `http://127.0.0.1:${port}`;

  const options = given.options();
  const seal = createSeal(SECRET, "step-up");
  const service = createStepUp({
    ...{ store: store.stepUp, options, publicUrl: () => url, seal, now, log },
    limits: { pollMs: 20, ...given.limits },
  });
  service.onEvent((event) => events.push(event));
  const hosts = {
    publicUrl: url,
    listen: () => ({ host: "127.0.0.1", port }),
    allowedHosts: [],
    allowedOrigins: ["https://elsewhere.example"],
  };
  const pages = createStepUpPages({
    attempts: createAttempts({ now, log }),
    arrive: createArrivals({ trustedProxies: [] }),
    stepUp: service,
    hosts,
    issuer: options?.oidc.issuer,
    now,
    log,
  });
  let keep: ((answer: string) => void) | undefined;
  fetchPage = (request, env) => {
    if (keep === undefined || !request.url.includes("/oauth/callback")) return pages.fetch(request, env);
    keep(request.url);
    keep = undefined;
    return new Response(null, { status: 204 });
  };

  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= (async () => {
      await service.close();
      if ("closeAllConnections" in server) server.closeAllConnections();
      await new Promise((done) => server.close(done));
      await store.close();
    })();
    return closed;
  };
  onTestFinished(close);
  return {
    ...{ service, url, local: `http://127.0.0.1:${port}`, store, path, log, events, close },
    nextAnswer: () =>
      new Promise((resolve) => {
        keep = resolve;
      }),
    async challenge(change = {}, by = caller(options?.oidc.issuer ?? "")) {
      const asked = await service.challenge({
        requirement: requirement(change),
        caller: by,
        shown: by.tool,
        clientName: "Claude Code",
      });
      if (!asked.ok) throw new Error(asked.code);
      return asked.challenge;
    },
  };
}

/** An attempt as a browser holds it. */
export interface Begun {
  readonly location: URL;
  readonly cookie: string;
  /** The whole `Set-Cookie` header. */
  readonly setCookie: string;
}

/** Presses the button, as a browser without one would. @throws if there is no way on from there */
export async function begin(gateway: TestStepUp, challenge: Challenge): Promise<Begun> {
  const headers = { origin: new URL(gateway.url).origin };
  const response = await fetch(`${gateway.local}/step-up/${challenge.id}/start`, { method: "POST", headers });
  const page = await response.text();
  const [setCookie = ""] = response.headers.getSetCookie();
  const location = /href="([^"]+)"/.exec(page)?.[1]?.replaceAll("&amp;", "&");
  if (location === undefined || response.status !== 200) throw new Error(`${response.status}: ${page}`);
  return { location: new URL(location), cookie: setCookie.split(";")[0] ?? "", setCookie };
}

/** A page by its status and heading. */
export async function pageAt(url: string, init: RequestInit = {}): Promise<string> {
  const response = await fetch(url, init);
  return `${response.status} ${/<h1>(.*)<\/h1>/.exec(await response.text())?.[1]}`;
}

/** Comes back from the provider with a code. */
export function comeBack(
  gateway: TestStepUp,
  begun: Begun,
  change: Readonly<Record<string, string>> = {},
): Promise<string> {
  const state = begun.location.searchParams.get("state") ?? "";
  const query = new URLSearchParams({ state, code: "canary-code", ...change });
  return pageAt(`${gateway.local}/oauth/callback?${query}`, { headers: { cookie: begun.cookie } });
}
