import { isObject, type JsonObject } from "../../src/core/json.ts";
import type { StepUpEvent } from "../../src/step-up/step-up.ts";
import { startTestGateway, type TestGateway } from "./gateway.ts";
import { type ModernUpstream, startModernUpstream } from "./modern-upstream.ts";
import { type OidcServer, type SignIn, STEP_UP_SECRET, startOidc } from "./oidc.ts";
import { modern, type RawAnswer, send } from "./raw-mcp.ts";
import { visit } from "./visit.ts";

export const RESOURCE = "https://mcp.example/mcp";

/** The tool that all policies are about; which of them counts, the first word of its text says. */
export const TOOL = "modern__echo";

const POLICIES = `policies:
  - id: pay
    target: { tools: ["modern/echo"] }
    when: 'args.text.startsWith("pay") || args.text.startsWith("both")'
    then: { step_up: { acr: [mfa], per: call, message: Paying needs a second factor. } }
  - id: both
    target: { tools: ["modern/echo"] }
    when: 'args.text.startsWith("both")'
    then: { request_approval: { flow: single, message: Somebody has to look at this. } }
  - id: tool
    target: { tools: ["modern/echo"] }
    when: 'args.text.startsWith("tool")'
    then: { step_up: { acr: [mfa], per: tool } }
  - id: session
    target: { tools: ["modern/echo"] }
    when: 'args.text.startsWith("session")'
    then: { step_up: { acr: [mfa], max_age: 5m } }
  - id: scope
    target: { tools: ["modern/echo"] }
    when: 'args.text.startsWith("scope")'
    then: { step_up: { scopes: ["pay:large"], via: scope } }
  - id: rfc
    target: { tools: ["modern/echo"] }
    when: 'args.text.startsWith("rfc")'
    then: { step_up: { acr: [mfa], max_age: 5m, challenge: rfc9470 } }
  - id: asking
    target: { tools: ["modern/order"] }
    then: { step_up: { acr: [mfa], per: call } }
`;

/** A gateway whose users sign in, and sign in again, at a real identity provider. */
export interface StepUpGateway {
  readonly gateway: TestGateway;
  readonly upstream: ModernUpstream;
  readonly idp: OidcServer;
  /** What happened to challenges since the last start. */
  readonly events: readonly StepUpEvent[];
  /** Credentials of somebody as their client has them: signed in with a password, unless more is said. */
  headers(account: string, more?: Partial<SignIn>): Promise<Record<string, string>>;
  /** The headers of a machine. */
  machine(): Promise<Record<string, string>>;
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Starts all three. Ann and Sam can sign in. `hold`: for how long legacy calls wait, where it is not the default. */
export async function startStepUpGateway(now: () => number = Date.now, hold?: string): Promise<StepUpGateway> {
  const upstream = await startModernUpstream();
  let url = "";
  const idp = await startOidc({
    accounts: ["ann", "sam"].map((id) => ({ id, email: `${id}@acme.com`, roles: ["employee"] })),
    resources: { [RESOURCE]: ["mcp:tools", "pay:large"] },
    acrValues: ["pwd", "mfa"],
    signInTime: now,
    stepUpCallback: () => `${url}/oauth/callback`,
  });
  const gateway = await startTestGateway(
    {
      auth: {
        jwt: [
          {
            issuer: idp.issuer,
            audience: RESOURCE,
            required_scopes: ["mcp:tools"],
            claims: { machine: { claim: "client_id", values: ["robot"] } },
          },
        ],
      },
      step_up: { oidc: { issuer: idp.issuer, client_id: "portcullis", client_secret: STEP_UP_SECRET }, ttl: "5m" },
      approval_flows: { single: { stages: [{ approvers: { roles: ["finance-lead"] } }] } },
      upstreams: { modern: { url: upstream.url } },
      ...(hold === undefined ? {} : { server: { hold } }),
    },
    { "p.yaml": POLICIES },
    { now, timing: { stepUp: { pollMs: 50, challengesPerPerson: 100 } } },
  );
  url = gateway.url;
  const events: StepUpEvent[] = [];
  const listen = () => gateway.running.wired.stepUp.onEvent((event) => events.push(event));
  listen();
  return {
    ...{ gateway, upstream, idp, events },
    async headers(account, more = {}) {
      const { accessToken } = await idp.signIn({ account, resource: RESOURCE, scope: "mcp:tools", ...more });
      return { authorization: `Bearer ${accessToken}` };
    },
    machine: async () => ({ authorization: `Bearer ${await idp.machineToken(RESOURCE, "mcp:tools")}` }),
    async restart() {
      await gateway.restart();
      listen();
    },
    async close() {
      await gateway.close();
      await idp.close();
      await upstream.close();
    },
  };
}

/** Calls the tool by a bare request in the modern era. */
export function callRaw(
  gateway: TestGateway,
  headers: Record<string, string>,
  text: string,
  more: { readonly meta?: JsonObject; readonly params?: JsonObject; readonly accept?: string } = {},
): Promise<RawAnswer> {
  const params = { name: TOOL, arguments: { text }, ...more.params };
  const request = modern("tools/call", params, more.meta === undefined ? {} : { meta: more.meta });
  const accept = more.accept === undefined ? {} : { Accept: more.accept };
  return send(Number(new URL(gateway.url).port), {
    ...request,
    headers: { ...request.headers, ...accept, Authorization: headers["authorization"] },
  });
}

/** `_meta["portcullis/step_up"]` of a result. @throws if there is none */
export function challengeIn(answer: RawAnswer): { readonly id: string; readonly url: string } {
  const { result } = answer.json;
  const meta = isObject(result) ? result["_meta"] : undefined;
  const challenge = isObject(meta) ? meta["portcullis/step_up"] : undefined;
  if (!isObject(challenge)) throw new Error(answer.text);
  return { id: String(challenge["id"]), url: String(challenge["url"]) };
}

/** A way to the identity provider that a browser is on. */
export interface Journey {
  /** What stands in the way there and must show up nowhere else: state and nonce. */
  readonly secrets: readonly string[];
  /** Signs in there as somebody, and gives the page that the gateway shows then. */
  finish(account: string, acr?: string): Promise<{ readonly status: number; readonly text: string }>;
}

/** Opens the link of a challenge and presses its button, as a browser would. */
export async function openLink(url: string): Promise<Journey> {
  const jar = new Map<string, string>();
  const page = await visit(jar, new URL(url));
  const action = /<form method="post" action="([^"]+)"/.exec(await page.text())?.[1];
  if (action === undefined) throw new Error(`There is no button: ${page.status}`);
  const { origin } = new URL(url);
  const left = await visit(jar, new URL(action), { method: "POST", headers: { origin } });
  const location = /<a class="go" href="([^"]+)"/.exec(await left.text())?.[1]?.replaceAll("&amp;", "&");
  if (location === undefined) throw new Error(`There is no way to the identity provider: ${left.status}`);
  const { searchParams } = new URL(location);
  return {
    secrets: ["state", "nonce"].map((name) => searchParams.get(name) ?? ""),
    async finish(account, acr) {
      let next = new URL(location);
      next.searchParams.set("login_hint", account);
      if (acr !== undefined) {
        next.searchParams.set("acr_values", acr);
        next.searchParams.delete("claims");
      }
      for (let hop = 0; hop < 10; hop++) {
        const response = await visit(jar, next);
        const to = response.headers.get("location");
        if (to === null) return { status: response.status, text: await response.text() };
        next = new URL(to, next);
      }
      throw new Error("The sign-in did not end.");
    },
  };
}

/** Signs in at the link of a challenge from beginning to end. */
export async function signInAt(
  url: string,
  account: string,
): Promise<{ readonly status: number; readonly text: string }> {
  return (await openLink(url)).finish(account);
}
