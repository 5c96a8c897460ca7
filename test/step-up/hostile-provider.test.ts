import { describe, expect, it } from "vitest";
import { createIssuerKeys } from "../../src/identity/issuers/issuer-keys.ts";
import { KEY_TIMES } from "../../src/identity/options.ts";
import { STEP_UP_LIMITS } from "../../src/step-up/options.ts";
import { createProvider } from "../../src/step-up/provider/provider.ts";
import { HOSTILE_ANSWERS, say } from "../support/hostile-answers.ts";
import { type HostilePeer, MOST_BYTES, startHostilePeer } from "../support/hostile-peer.ts";
import { recordingLog } from "../support/recording-log.ts";
import { stepUpOptions } from "./helpers.ts";

const deps = () => ({ now: Date.now, log: recordingLog() });
const TIMEOUT_MS = 200;

/** Who asks an identity provider something, and whether anything came of it. */
const ASKS: Readonly<Record<string, (issuer: string) => Promise<boolean>>> = {
  "its keys": (issuer) => hasKeys(issuer, `${issuer}/jwks`),
  "where its keys are": (issuer) => hasKeys(issuer, undefined),
  "its metadata": async (issuer) => {
    const { oidc } = stepUpOptions(issuer);
    const provider = createProvider(oidc, { ...STEP_UP_LIMITS, timeoutMs: TIMEOUT_MS }, deps());
    return (await provider.configuration()) !== undefined;
  },
};

async function hasKeys(issuer: string, jwksUrl: string | undefined): Promise<boolean> {
  const keys = createIssuerKeys({ issuer, jwksUrl }, { ...KEY_TIMES, timeoutMs: TIMEOUT_MS }, deps());
  return (await keys.current()).ok;
}

async function ask(what: string, { port }: HostilePeer): Promise<boolean> {
  return (ASKS[what] ?? expect.fail())(`http://127.0.0.1:${port}`);
}

describe.each(Object.keys(ASKS))("a provider that is asked for %s and says", (what) => {
  it.each(Object.entries(HOSTILE_ANSWERS))("%s: is at most not there", async (_says, { script, unbounded = false }) => {
    const peer = await startHostilePeer(script);
    expect(await ask(what, peer)).toBe(false);
    await peer.closed();
    if (!unbounded) expect(peer.taken).toBeLessThan(MOST_BYTES);
    // There are three places where metadata may be.
    expect(peer.requests).toBeLessThanOrEqual(3);
  });

  it("a redirect to an address within: nothing goes there", async () => {
    const within = await startHostilePeer((socket) => void socket.end());
    for (const status of [301, 302, 303, 307, 308]) {
      const location = `Location: http://127.0.0.1:${within.port}/latest/meta-data\r\n`;
      const peer = await startHostilePeer(
        say((socket) => socket.end(`HTTP/1.1 ${status} X\r\n${location}Content-Length: 0\r\n\r\n`)),
      );
      expect(await ask(what, peer)).toBe(false);
    }
    expect(within.connections).toBe(0);
  });
});
