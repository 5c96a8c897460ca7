import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "../../core/log.ts";
import { type DemoProvider, startDemoProvider } from "../../demo/identity-provider.ts";
import { openProviderState } from "../../demo/provider-state.ts";

/** How people sign in to the demo. */
export interface DemoSignIn {
  readonly provider: DemoProvider;
  readonly password: string;
  /** What the gateway proves itself with there. */
  readonly clientSecret: string;
}

export type DemoSignInStart =
  /** `undefined`: the package that it needs is not installed; everything else of the demo works. */
  { readonly ok: true; readonly signIn: DemoSignIn | undefined } | { readonly ok: false; readonly error: string };

/** The file in the demo's folder with a token of Ann's, as of a sign-in with her password alone. */
export const TOKEN_FILE = "ann.token";

/** Long enough to come back to the tour after lunch. */
const TOKEN_SECONDS = 8 * 3600;

/** Starts the demo's identity provider on this machine. @throws what the file system throws */
export async function startSignIn(options: {
  readonly data: string;
  readonly host: string;
  readonly port: number | undefined;
  readonly gatewayUrl: string;
  readonly log: Log;
}): Promise<DemoSignInStart> {
  const { data, ...rest } = options;
  const opened = await openProviderState(join(data, "demo-provider.json"));
  if (!opened.ok) return opened;
  const { file } = opened;
  const started = await startDemoProvider({ ...rest, state: file });
  if (!started.ok) return started.why === "missing" ? { ok: true, signIn: undefined } : started;
  const { provider } = started;
  writeFileSync(join(data, TOKEN_FILE), await provider.tokenFor("ann", TOKEN_SECONDS), { mode: 0o600 });
  const { password, client_secret: clientSecret } = file.current;
  return { ok: true, signIn: { provider, password, clientSecret } };
}
