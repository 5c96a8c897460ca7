import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { DEMO_CODE, startDemoProvider } from "../../src/demo/identity-provider.ts";
import { GATEWAY_CLIENT } from "../../src/demo/provider-configuration.ts";
import { openProviderState } from "../../src/demo/provider-state.ts";
import type { StepUpEvent } from "../../src/step-up/step-up.ts";
import { sharedBrowser } from "../step-up/browser.ts";
import { type BrowserSecrets, tokenByBrowser } from "./browser-sign-in.ts";
import { startTestGateway, type TestGateway } from "./gateway.ts";
import { startModernUpstream } from "./modern-upstream.ts";
import { freePort } from "./program.ts";
import { recordingLog } from "./recording-log.ts";

const ACR = "urn:portcullis:acr:mfa";

// Which of them counts, the first word of the text says.
const POLICIES = `policies:
  - id: pay
    target: { tools: ["modern/echo"] }
    when: args.text.startsWith("pay")
    then: { step_up: { acr: ["${ACR}"], per: call } }
  - id: session
    target: { tools: ["modern/echo"] }
    when: args.text.startsWith("session")
    then: { step_up: { acr: ["${ACR}"], max_age: 5m } }
`;

/** A gateway, a server behind it, an identity provider with a login page, and a browser to sign in with. */
export interface BrowserWorld {
  readonly gateway: TestGateway;
  readonly browser: Browser;
  readonly secrets: BrowserSecrets;
  /** Ann's tokens: one of a sign-in with her password, one of a sign-in with the code, too. */
  readonly tokens: { readonly weak: string; readonly strong: string };
  /** What happened to challenges since the last start. */
  readonly events: readonly StepUpEvent[];
  /** The bytes of the store's files, as text. */
  stored(): readonly string[];
  /** How many calls the server has run. */
  runs(): number;
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Starts all four. `now`: the gateway's clock. */
export async function startBrowserWorld(now: () => number = Date.now): Promise<BrowserWorld> {
  const dir = mkdtempSync(join(tmpdir(), "portcullis-browser-"));
  const [upstream, browser, port] = await Promise.all([startModernUpstream(), sharedBrowser(), freePort()]);
  const gatewayUrl = `http://127.0.0.1:${port}`;
  const resource = `${gatewayUrl}/mcp`;
  const opened = await openProviderState(join(dir, "provider.json"));
  if (!opened.ok) throw new Error(opened.error);
  const state = opened.file;
  const started = await startDemoProvider({
    host: "127.0.0.1",
    port: undefined,
    gatewayUrl,
    state,
    log: recordingLog(),
  });
  if (!started.ok) throw new Error(JSON.stringify(started));
  const { provider } = started;
  const { issuer } = provider;
  const oidc = { issuer, client_id: GATEWAY_CLIENT, client_secret: state.current.client_secret };
  const gateway = await startTestGateway(
    {
      auth: { jwt: [{ issuer, audience: resource, require_typ: true }] },
      step_up: { oidc, ttl: "5m" },
      upstreams: { modern: { url: upstream.url } },
    },
    { "p.yaml": POLICIES },
    { now, port, timing: { stepUp: { pollMs: 50, challengesPerPerson: 100 } } },
  );
  const events: StepUpEvent[] = [];
  const listen = () => gateway.running.wired.stepUp.onEvent((event) => events.push(event));
  listen();
  const secrets = { password: state.current.password, code: DEMO_CODE };
  const tokenWith = (code: boolean) => tokenByBrowser(browser, issuer, secrets, { user: "ann", code, resource });
  return {
    ...{ gateway, browser, secrets, events },
    tokens: { weak: await tokenWith(false), strong: await tokenWith(true) },
    stored() {
      const folder = join(gateway.dir, "data");
      return readdirSync(folder).map((name) => readFileSync(join(folder, name), "latin1"));
    },
    runs: () => upstream.seen.filter((headers) => headers["mcp-method"] === "tools/call").length,
    async restart() {
      await gateway.restart();
      listen();
    },
    async close() {
      await gateway.close();
      await provider.close();
      await upstream.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
