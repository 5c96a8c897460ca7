import { describe, expect, it } from "vitest";
import { AREAS } from "../../src/console/areas.ts";
import { type ConsoleUser, sessionCookie, startConsole } from "../support/console.ts";
import { eventually } from "../support/eventually.ts";
import type { TestGateway } from "../support/gateway.ts";

/** Gets pages as one user. */
async function looker(gateway: TestGateway, user: ConsoleUser) {
  const cookie = await sessionCookie(gateway, user);
  return async (path: string) => (await fetch(`${gateway.url}/console/${path}`, { headers: { cookie } })).text();
}

/** What the navigation says of an area, without the elements. */
function entryOf(html: string, area: string): string {
  const link = new RegExp(`<a href="/console/${area}"[^>]*>(.*?)</a>`, "s").exec(html.split("</nav>")[0] ?? "")?.[1];
  return (link ?? "")
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll(/\s+/g, " ")
    .trim();
}

const BROKEN = `policies:
  - { id: p, when: agrs.x, then: { deny: {} } }
  - { id: q, when: agrs.y, then: { deny: {} } }
`;
const BANNER = "The policy files have mistakes";

describe("what is wrong", () => {
  it("is told to administrators on every page, and to nobody else", async () => {
    // Nothing listens on port 9.
    const dead = { url: "http://127.0.0.1:9/mcp" };
    const gateway = await startConsole({ upstreams: { one: dead, two: dead } }, { "a.yaml": "policies: []\n" });
    const look = await looker(gateway, "carla");
    gateway.writePolicy("a.yaml", BROKEN);
    await eventually(async () => {
      const html = await look("approvals");
      return entryOf(html, "upstreams").includes("2 have trouble") && html.includes(BANNER) ? true : undefined;
    });
    for (const path of [...AREAS.map((area) => area.path), "you", "policies/try"]) {
      const html = await look(path);
      expect(entryOf(html, "upstreams"), path).toBe("Upstreams⚠ 2 have trouble");
      expect(entryOf(html, "policies"), path).toBe("Policies⚠ 2 mistakes in the files");
      expect(html, path).toContain("<title>⚠ ");
      // On their own page the mistakes themselves stand.
      expect(html.includes(BANNER), path).toBe(path !== "policies");
    }
    const html = await (await looker(gateway, "sam"))("approvals");
    expect(html).not.toContain("⚠");
    expect(html).not.toContain(BANNER);
  });

  it("is nothing where nothing is", async () => {
    const html = await (await looker(await startConsole(), "carla"))("approvals");
    expect(html).not.toContain("⚠");
    expect(entryOf(html, "policies")).toBe("Policies");
  });
});
