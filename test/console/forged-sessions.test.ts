import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createConsoleSessions } from "../../src/console/sign-in/sessions.ts";
import { createKeyedHash } from "../../src/core/keyed-hash.ts";
import { createSeal } from "../../src/core/seal.ts";
import { requester } from "../support/approval-parts.ts";
import { openTestStore, temporaryDir } from "../support/audit.ts";
import { SECRET } from "../support/audit-key.ts";
import { anotherValue, columnsOf, forge } from "../support/forging.ts";

/* Somebody has the database and not the gateway's secret: no session of the console becomes another person's, or lasts longer. */

const START = 1_790_000_000_000;

it("nobody is signed in by what somebody wrote into the database", async () => {
  const path = join(temporaryDir(), "portcullis.db");
  const store = openTestStore(path).consoleSessions;
  let now = START;
  const sessions = createConsoleSessions({
    ...{ store, seal: createSeal(SECRET, "console-session"), hash: createKeyedHash(SECRET, "console-form") },
    ...{ principalNow: (before) => before, credentialMark: () => "same", renew: undefined, secure: false },
    now: () => now,
    limits: { rolesMs: 1e12, rolesAtMostMs: 1e12, perPerson: 100 },
  });
  const request = new IncomingMessage(new Socket());
  const signIn = async (): Promise<string> => {
    request.headers.cookie = "";
    const { name, value } = await sessions.begin(requester, request);
    return `${name}=${value}`;
  };
  const isIn = async (cookie: string): Promise<boolean> => {
    request.headers.cookie = cookie;
    return (await sessions.find(request)) !== undefined;
  };
  expect(await isIn(await signIn())).toBe(true);
  const passing: string[] = [];
  for (const column of columnsOf(path, "console_sessions")) {
    forge(path, "DELETE FROM console_sessions");
    const cookie = await signIn();
    forge(path, `UPDATE console_sessions SET ${column} = ${anotherValue(column)}`);
    if (await isIn(cookie)) passing.push(column);
  }
  expect(passing).toEqual(["created_at", "last_seen_at", "expires_at"]);

  forge(path, "DELETE FROM console_sessions");
  const cookie = await signIn();
  now += 13 * 3_600_000;
  forge(path, `UPDATE console_sessions SET expires_at = ${now + 1e9}, last_seen_at = ${now}`);
  expect(await isIn(cookie)).toBe(false);
});
