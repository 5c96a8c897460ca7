import { expect, it } from "vitest";
import { type ConsoleUser, postForm, sessionCookie, startConsole } from "../support/console.ts";

const MISSING = [
  "nowhere",
  "approvals/apr_0000000000000000000000",
  "activity/call_0",
  "upstreams/nope",
  "sessions/nope",
];

/** The entries of the navigation, and the one that is marked as where one is. */
function navigationOf(html: string) {
  const nav = /<nav.*?<\/nav>/s.exec(html)?.[0] ?? "";
  const entries = [...nav.matchAll(/<a href="\/console\/([a-z]+)"([^>]*)>/g)];
  return {
    areas: entries.map(([, path]) => path),
    current: entries.filter(([, , rest]) => rest?.includes("aria-current") === true).map(([, path]) => path),
  };
}

it("whoever is signed in keeps the navigation where there is nothing, or nothing for them", async () => {
  const gateway = await startConsole();
  const look = async (user: ConsoleUser) => {
    const cookie = await sessionCookie(gateway, user);
    return async (path: string) => {
      const answer = await fetch(`${gateway.url}/console/${path}`, { headers: { cookie } });
      return { status: answer.status, ...navigationOf(await answer.text()) };
    };
  };
  const asAdmin = await look("carla");
  const all = (await asAdmin("you")).areas;
  expect(all.length).toBeGreaterThan(3);
  for (const path of MISSING) {
    const area = path.split("/")[0] ?? "";
    const current = all.includes(area) ? [area] : [];
    expect(await asAdmin(path), path).toEqual({ status: 404, areas: all, current });
  }
  const asAnybody = await look("ann");
  const own = (await asAnybody("you")).areas;
  expect(await asAnybody("upstreams"), "an area for administrators").toEqual({ status: 403, areas: own, current: [] });
});

it("a form that is not taken leaves the navigation, and whoever is not signed in sees none", async () => {
  const gateway = await startConsole();
  const cookie = await sessionCookie(gateway, "carla");
  const stale = await postForm(gateway, "/console/sign-out", { csrf_token: "0" }, { cookie });
  expect(stale.status).toBe(403);
  expect(navigationOf(await stale.text()).areas).toContain("approvals");
  const elsewhere = await postForm(gateway, "/console/sign-out", {}, { cookie, Origin: "https://elsewhere.example" });
  expect(elsewhere.status).toBe(403);
  expect(await elsewhere.text()).not.toContain("<nav");
});
