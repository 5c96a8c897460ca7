import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { LRUCache } from "lru-cache";
import type { Provider } from "oidc-provider";
import type { Log } from "../core/log.ts";
import { readBody } from "../http/body.ts";
import { isLoopbackAddress } from "../identity/anonymous.ts";
import type { DemoName } from "./demo-people.ts";
import { checkLogin, wantedLogin } from "./login.ts";
import { contentSecurityPolicy, loginPage, wordsPage } from "./login-page.ts";
import {
  GATEWAY_CLIENT,
  providerConfiguration,
  resourceInfo,
  SESSION_COOKIE,
  TERMINAL_CLIENT,
} from "./provider-configuration.ts";
import type { ProviderStateFile } from "./provider-state.ts";

/** The code that counts as a second factor, at this provider and for everybody. */
export const DEMO_CODE = "246810";

const MAX_FORM_BYTES = 4_096;
const MAX_TRIES = 5;
const MAX_INTERACTIONS = 1_000;

/** An identity provider for the demo: real OpenID Connect, with three people whose password everybody can read. */
export interface DemoProvider {
  readonly issuer: string;
  /** An access token as somebody gets it with a password alone, for `<gateway>/mcp`. */
  tokenFor(name: DemoName, seconds: number): Promise<string>;
  close(): Promise<void>;
}

export type DemoProviderStart =
  | { readonly ok: true; readonly provider: DemoProvider }
  /** `missing`: the package is not installed; `refused`: it cannot listen there, said ready to print. */
  | { readonly ok: false; readonly why: "missing" }
  | { readonly ok: false; readonly why: "refused"; readonly error: string };

export interface DemoProviderOptions {
  /** Of this machine, and no other. */
  readonly host: string;
  /** `undefined`: that of last time where it is free, else any. */
  readonly port: number | undefined;
  /** Where clients reach the gateway, without a slash at its end. */
  readonly gatewayUrl: string;
  readonly state: ProviderStateFile;
  readonly log: Log;
}

/** Starts it. The package behind it is needed for development only, and looked for at run time. */
export async function startDemoProvider(options: DemoProviderOptions): Promise<DemoProviderStart> {
  const { host, state, log } = options;
  if (!isLoopbackAddress(host))
    return refusedStart(`The demo's identity provider listens on this machine only, and not on ${host}.`);
  const library = await loadLibrary(log);
  if (library === undefined) return { ok: false, why: "missing" };

  const server = createServer();
  const wanted = options.port ?? state.current.port ?? 0;
  let port = await listen(server, host, wanted);
  if (port === undefined && options.port === undefined) port = await listen(server, host, 0);
  if (port === undefined)
    return refusedStart(`Something else already listens on ${host}:${wanted}. Name another port: --idp-port PORT`);
  state.keepPort(port);

  const issuer = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const provider: Provider = new library.Provider(
    issuer,
    providerConfiguration({ ...options, library, provider: () => provider }),
  );
  provider.on("server_error", (_, err) => log.error({ err }, "The demo's identity provider failed"));
  const ownHost = new URL(issuer).host;
  const respond = provider.callback();
  const logIn = createLogin(provider, issuer, options);
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    response.setHeader("Content-Security-Policy", contentSecurityPolicy());
    // Against DNS rebinding: pages of elsewhere know other names of this machine.
    if (request.headers.host !== ownHost) return write(response, 403, "Not here", `This is served at ${issuer} only.`);
    forgetSession(request);
    if (request.url === "/") return write(response, 200, "Identity provider of the demo", HELLO);
    if (request.url?.startsWith("/interaction/") !== true) return respond(request, response);
    logIn(request, response).catch((err: unknown) => {
      const over = err instanceof Error && err.name === "SessionNotFound";
      if (!over) log.error({ err }, "A sign-in at the demo's identity provider failed");
      if (response.headersSent) response.destroy();
      else if (over) write(response, 400, "This sign-in is over", BEGIN_AGAIN);
      else write(response, 500, "This did not work", "The terminal of the demo says why.");
    });
  });

  return {
    ok: true,
    provider: {
      issuer,
      async tokenFor(name, seconds) {
        const resource = `${options.gatewayUrl}/mcp`;
        const token = new provider.AccessToken({
          accountId: name,
          client: await provider.Client.find(TERMINAL_CLIENT),
          resourceServer: new provider.ResourceServer(resource, resourceInfo(resource)),
          expiresIn: seconds,
        });
        return token.save();
      },
      close: () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    },
  };
}

const HEADERS = {
  "Cache-Control": "no-store",
  "Referrer-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
} as const;

const HELLO = "The gateway and your agents send you here to sign in. There is nothing else to see.";
const BEGIN_AGAIN = "It took too long, or belongs to another browser. Begin again where you came from.";

/** Shows the login page, and takes what is submitted there. */
function createLogin(provider: Provider, issuer: string, { state }: Pick<DemoProviderOptions, "state">) {
  const tries = new LRUCache<string, number>({ max: MAX_INTERACTIONS });
  const secrets = { password: state.current.password, code: DEMO_CODE };

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { uid, params } = await provider.interactionDetails(request, response);
    const wanted = wantedLogin(params);
    const clientId = String(params["client_id"]);
    const finish = (result: object): Promise<void> =>
      provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
    const show = async (user: string, message?: string): Promise<void> => {
      const client = await provider.Client.find(clientId);
      const name = clientId === GATEWAY_CLIENT ? "Portcullis" : (client?.clientName ?? clientId);
      response.statusCode = message === undefined ? 200 : 401;
      response.setHeader("Content-Type", "text/html; charset=utf-8");
      response.setHeader("Content-Security-Policy", contentSecurityPolicy(String(params["redirect_uri"])));
      response.end(String(loginPage({ client: name, wanted, user, ...(message === undefined ? {} : { message }) })));
    };

    if (wanted.impossible) return finish({ error: "unmet_authentication_requirements" });
    if (request.method !== "POST") return show(String(params["login_hint"] ?? ""));
    if (request.headers.origin !== issuer) return write(response, 403, "Not here", BEGIN_AGAIN);
    const body = await readBody(request, MAX_FORM_BYTES);
    if (body?.ok !== true) return write(response, 400, "This form cannot be read", BEGIN_AGAIN);
    const form = new URLSearchParams(body.text);
    const verdict = checkLogin(form, wanted, secrets);
    switch (verdict.kind) {
      case "refused":
        return finish({ error: verdict.error });
      case "again": {
        const count = (tries.get(uid) ?? 0) + 1;
        tries.set(uid, count);
        return count < MAX_TRIES ? show(form.get("user") ?? "", verdict.message) : finish({ error: "access_denied" });
      }
      case "signed_in": {
        const { name, acr, amr } = verdict;
        const grant = new provider.Grant({ clientId, accountId: name });
        // All that was asked for: what there is to grant is nothing in particular.
        const scope = String(params["scope"] ?? "");
        grant.addOIDCScope(scope);
        for (const resource of [params["resource"]].flat()) {
          if (typeof resource === "string") grant.addResourceScope(resource, scope);
        }
        return finish({ login: { accountId: name, acr, amr }, consent: { grantId: await grant.save() } });
      }
      default:
        return verdict satisfies never;
    }
  };
}

// Three people sit at one browser here: who was there a moment ago is no answer, and everybody signs in each time. That
// honours prompt=login and max_age, too.
function forgetSession({ headers }: IncomingMessage): void {
  const kept = headers.cookie?.split(/; */).filter((pair) => !pair.startsWith(SESSION_COOKIE));
  if (kept !== undefined) headers.cookie = kept.join("; ");
}

function write(response: ServerResponse, status: number, title: string, text: string): void {
  response.statusCode = status;
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  response.end(String(wordsPage(title, text)));
}

// On Node 20 it warns on the console that it wants 22. It works there, our tests say, and in the middle of a tour the
// line would be taken for ours.
async function loadLibrary(log: Log): Promise<typeof import("oidc-provider") | undefined> {
  const { warn } = console;
  console.warn = (text: unknown) => log.debug({ text }, "oidc-provider says");
  try {
    return await import("oidc-provider");
  } catch (err) {
    if (err instanceof Error && "code" in err && err.code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw err;
  } finally {
    console.warn = warn;
  }
}

function listen(server: Server, host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const failed = (err: NodeJS.ErrnoException): void => {
      if (err.code === "EADDRINUSE" || err.code === "EACCES") resolve(undefined);
      else reject(err);
    };
    server.once("error", failed);
    server.listen(port, host, () => {
      server.off("error", failed);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

function refusedStart(error: string): DemoProviderStart {
  return { ok: false, why: "refused", error };
}
