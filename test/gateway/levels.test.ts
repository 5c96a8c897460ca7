import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tempDir } from "../config/temp-dir.ts";
import { connectSdk2Pinned } from "../support/clients.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type PayingUpstream, startPayingUpstream } from "../support/paying-upstream.ts";
import { createUsers } from "../support/users.ts";

const people = createUsers({ ann: ["employee"], carla: ["admin"] });
let upstream: PayingUpstream;
beforeAll(async () => {
  upstream = await startPayingUpstream();
});
afterAll(() => upstream.close());

const NONE = "policies: []\n";
const DENY = "policies: [{ id: no, target: { tools: [bank/pay] }, then: { deny: { message: Not here. } } }]\n";
const LIMIT = "policies: [{ id: few, then: { rate_limit: { limit: 1, per: 1h } } }]\n";

interface World {
  readonly gateway: TestGateway;
  readonly dirs: { readonly finance: string; readonly bank: string };
  configured(endpoints: object, upstreamPolicies?: object): object;
}

async function start(
  files: { finance: string; bank: string; gateway?: string },
  use: (world: World) => Promise<void>,
  levels: { finance?: object; bank?: object } = {},
): Promise<void> {
  const root = tempDir({ "finance/p.yaml": files.finance, "bank/p.yaml": files.bank });
  const dirs = { finance: join(root, "finance"), bank: join(root, "bank") };
  const configured = (endpoints: object, policies?: object) => ({
    auth: { ...people.auth, admin: { roles: ["admin"] } },
    upstreams: { bank: { url: upstream.url, ...(policies && { policies }) } },
    endpoints,
  });
  const finance = { upstreams: ["bank"], policies: { dir: dirs.finance, ...levels.finance } };
  const config = configured({ finance, sales: { upstreams: ["bank"] } }, { dir: dirs.bank, ...levels.bank });
  const gateway = await startTestGateway(config, { "p.yaml": files.gateway ?? NONE });
  try {
    await use({ gateway, dirs, configured });
  } finally {
    await gateway.close();
  }
}

/** What a call at an endpoint comes to, with the tools that are listed there. */
async function seen(gateway: TestGateway, endpoint: string, tool = "bank__pay") {
  const client = await connectSdk2Pinned(`${gateway.mcp}/${endpoint}`, people.bearer("ann"));
  try {
    const tools = await client.tools();
    const answer = await client
      .call(tool, { amount: 5 })
      .catch((err: unknown) => ({ text: String(err), isError: true }));
    return { listed: JSON.stringify(tools).includes("pay"), ...answer };
  } finally {
    await client.close();
  }
}

const audited = async (gateway: TestGateway): Promise<string> =>
  (await fetch(`${gateway.url}/api/v1/audit`, { headers: people.bearer("carla") })).text();

describe("policies of an endpoint and of an upstream", () => {
  it("decide there and nowhere else, and are on record with their level", async () => {
    await start({ finance: DENY, bank: NONE }, async ({ gateway }) => {
      expect(await seen(gateway, "finance")).toMatchObject({ isError: true });
      expect(await seen(gateway, "sales")).not.toMatchObject({ isError: true });
      expect(await audited(gateway)).toContain('"policy":"endpoint/finance:no"');
    });
  });

  it("want an allow of their own where that is their default, and list nothing else", async () => {
    const allow = "policies: [{ id: yes, then: { allow: {} } }]\n";
    const levels = { finance: { default: "deny" } };
    await start(
      { finance: NONE, bank: allow, gateway: allow },
      async ({ gateway }) => {
        expect(await seen(gateway, "finance")).toMatchObject({ listed: false, isError: true });
        expect(await seen(gateway, "sales")).toMatchObject({ listed: true });
      },
      levels,
    );
  });

  it("have budgets of their own, where their ids are the same", async () => {
    await start({ finance: LIMIT, bank: LIMIT.replace("limit: 1", "limit: 3") }, async ({ gateway }) => {
      const isError = async (endpoint: string) => (await seen(gateway, endpoint)).isError === true;
      expect([
        await isError("finance"),
        await isError("finance"),
        await isError("sales"),
        await isError("sales"),
      ]).toEqual([false, true, false, false]);
      expect(await isError("sales")).toBe(true);
    });
  });

  it("are taken over with a changed configuration, and a broken folder keeps all of it out", async () => {
    await start({ finance: DENY, bank: NONE }, async ({ gateway, dirs, configured }) => {
      writeFileSync(join(dirs.bank, "p.yaml"), DENY.replace("deny:", "dney:"));
      const audit = { upstreams: ["bank"], policies: { dir: dirs.finance } };
      gateway.reconfigure(configured({ audit, sales: { upstreams: ["bank"] } }, { dir: dirs.bank }));
      await expect.poll(() => gateway.logged.join("\n"), { timeout: 15_000 }).toContain("was refused");
      expect((await fetch(`${gateway.mcp}/audit`, { method: "POST", headers: people.bearer("ann") })).status).toBe(404);
      expect(await seen(gateway, "finance")).toMatchObject({ isError: true });
      writeFileSync(join(dirs.bank, "p.yaml"), NONE);
      const status = async () =>
        (await fetch(`${gateway.mcp}/finance`, { method: "POST", headers: people.bearer("ann") })).status;
      await expect.poll(status, { timeout: 15_000 }).toBe(404);
      expect(await seen(gateway, "audit")).toMatchObject({ isError: true });
      gateway.reconfigure(configured({ audit: { upstreams: ["bank"] } }));
      await expect.poll(async () => (await seen(gateway, "audit")).isError, { timeout: 15_000 }).not.toBe(true);
    });
  });
});
