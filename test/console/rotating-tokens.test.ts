import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createConsoleSessions } from "../../src/console/sign-in/sessions.ts";
import { createKeyedHash } from "../../src/core/keyed-hash.ts";
import { createSeal } from "../../src/core/seal.ts";
import type { HeldTokens } from "../../src/step-up/provider/held-tokens.ts";
import type { Renewed } from "../../src/step-up/provider/renew-sign-in.ts";
import { requester } from "../support/approval-parts.ts";
import { openTestStore, temporaryDir } from "../support/audit.ts";
import { SECRET } from "../support/audit-key.ts";

/** A provider whose refresh tokens are good once: one that comes again ends the sign-in. RFC 9700 §4.14.2 */
function rotating() {
  let good = 0;
  let ended = false;
  let asked = 0;
  return {
    first: { accessToken: "a", refreshToken: "0" },
    get asked() {
      return asked;
    },
    async renew(_subject: string, { refreshToken }: HeldTokens): Promise<Renewed> {
      asked++;
      ended ||= refreshToken !== String(good);
      // The answer takes its time, so that others come meanwhile.
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (ended) return { ok: false, reason: "ended" };
      good++;
      return { ok: true, principal: requester, held: { accessToken: "a", refreshToken: String(good) } };
    },
  };
}

it("a refresh token that is good once is used once, whichever processes are asked for pages together", async () => {
  const path = join(temporaryDir(), "portcullis.db");
  const provider = rotating();
  let now = 1_790_000_000_000;
  const processes = [1, 2, 3].map(() =>
    createConsoleSessions({
      ...{ store: openTestStore(path).consoleSessions, now: () => now, renew: provider.renew, secure: false },
      ...{ seal: createSeal(SECRET, "console-session"), hash: createKeyedHash(SECRET, "console-form") },
      ...{ principalNow: (before) => before, credentialMark: () => "same" },
    }),
  );
  const request = new IncomingMessage(new Socket());
  const [first] = processes;
  const { name = "", value = "" } = (await first?.begin(requester, request, provider.first)) ?? {};
  request.headers.cookie = `${name}=${value}`;
  for (let round = 1; round <= 4; round++) {
    now += 6 * 60_000;
    const found = await Promise.all([...processes, ...processes].map((process) => process.find(request)));
    expect(found.map((session) => session?.principal.subject)).toEqual(found.map(() => requester.subject));
    expect(provider.asked).toBe(round);
  }
});
