import { describe, expect, it } from "vitest";
import { consoleUsers, csrfTokenIn, postForm, sessionCookie, startConsole } from "../../support/console.ts";
import type { TestGateway } from "../../support/gateway.ts";

const LIST = "/console/sessions/signed-in";

async function page(gateway: TestGateway, cookie: string, path: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${gateway.url}${path}`, { headers: { Cookie: cookie }, redirect: "manual" });
  return { status: answer.status, text: await answer.text() };
}

/** The id by which a session is called, from the address of the page that asks whether to end it. */
function idOf(html: string, who: string): string {
  const id = new RegExp(`end\\?id=([0-9a-f]{64})" aria-label="Sign out ${who}"`).exec(html)?.[1];
  if (id === undefined) throw new Error(`${who} is not on the page`);
  return id;
}

describe("an administrator", () => {
  it("sees who is signed in, and signs somebody else out, which is on record", async () => {
    const gateway = await startConsole();
    const [carla, sam] = [await sessionCookie(gateway, "carla"), await sessionCookie(gateway, "sam")];
    const listed = await page(gateway, carla, LIST);
    const id = idOf(listed.text, "sam");
    const asked = await page(gateway, carla, `${LIST}/end?id=${id}`);
    expect(asked.text).toContain("Sign them out?");
    expect((await page(gateway, sam, "/console/you")).status).toBe(200);

    const form = { id, csrf_token: csrfTokenIn(asked.text) };
    const ended = await postForm(gateway, `${LIST}/end`, form, { Cookie: carla });
    expect([ended.status, ended.headers.get("location")]).toEqual([303, `${LIST}?done=ended`]);
    expect((await page(gateway, sam, "/console/you")).status).toBe(303);
    expect((await page(gateway, carla, "/console/you")).status).toBe(200);
    await gateway.running.wired.audit.flush();
    const { entries } = await gateway.running.wired.store.audit.list({ outcome: "console_session_ended", limit: 10 });
    expect(entries).toMatchObject([{ kind: "admin", outcome: "console_session_ended", session: id, actor: "carla" }]);
    const again = await postForm(gateway, `${LIST}/end`, form, { Cookie: carla });
    expect(again.headers.get("location")).toBe(`${LIST}?done=gone`);
  });

  it("finds nobody there whose key is gone", async () => {
    const gateway = await startConsole();
    const carla = await sessionCookie(gateway, "carla");
    await sessionCookie(gateway, "sam");
    expect((await page(gateway, carla, LIST)).text).toContain("Sign out sam");
    const api_keys = consoleUsers.auth.api_keys.filter(({ user }) => user !== "sam");
    gateway.reconfigure({ auth: { api_keys, admin: { roles: ["platform-admin"] } } });
    await gateway.restart();
    expect((await page(gateway, carla, LIST)).text).not.toContain("Sign out sam");
  });
});

it("nobody else sees who is signed in, or signs anybody out", async () => {
  const gateway = await startConsole();
  const [carla, sam] = [await sessionCookie(gateway, "carla"), await sessionCookie(gateway, "sam")];
  const id = idOf((await page(gateway, carla, LIST)).text, "carla");
  expect((await page(gateway, sam, LIST)).status).toBe(403);
  expect((await page(gateway, sam, `${LIST}/end?id=${id}`)).status).toBe(403);
  const form = { id, csrf_token: csrfTokenIn((await page(gateway, sam, "/console/you")).text) };
  expect((await postForm(gateway, `${LIST}/end`, form, { Cookie: sam })).status).toBe(403);
  expect((await page(gateway, carla, "/console/you")).status).toBe(200);
});

it("a list of those who are signed in is read page by page, each once", async () => {
  const gateway = await startConsole();
  for (const user of ["ann", "sam", "dana", "cleo", "eve"] as const) await sessionCookie(gateway, user);
  const { signedIn } = gateway.running.operations;
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const listed = await signedIn.list({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
    seen.push(...listed.items.map(({ subject }) => subject));
    cursor = listed.nextCursor;
  } while (cursor !== undefined);
  expect(seen.toSorted()).toEqual(["ann", "cleo", "dana", "eve", "sam"]);
});
