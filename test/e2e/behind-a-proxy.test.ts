import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openStoreReader } from "../../src/store/open-store.ts";
import { type ApiGateway, startApiGateway } from "../support/api-gateway.ts";
import { people } from "../support/approval-people.ts";
import { CLI } from "../support/built.ts";
import { eventually } from "../support/eventually.ts";
import { runPolicyCommand } from "../support/policy-command.ts";
import { freePort } from "../support/program.ts";
import { hasCaddy, hasNginx, startCaddy, startNginx } from "../support/proxies.ts";
import { modern, open, type RawRequest, send } from "../support/raw-mcp.ts";

const OFFICE = "127.0.0.2";
const ELSEWHERE = "127.0.0.3";
const ONLY_OFFICE = {
  "office.yaml": `policies: [{ id: office, when: 'args.text != "" && client.ip != "${OFFICE}"', then: { deny: { message: "Not from here." } } }]`,
};
const example = (name: string) => readFileSync(join(import.meta.dirname, "../../examples/proxy", name), "utf8");
const NGINX = example("nginx.conf");
/** What many write, and what lets a client's own Forwarded through. */
const APPENDING = NGINX.replace("$remote_addr", "$proxy_add_x_forwarded_for").replace(/^.*Forwarded "";$/m, "");

/** `cleans`: whether what clients claim goes no further than the proxy. */
const PROXIES = [
  { name: "nginx as in the example", installed: hasNginx, start: startNginx, site: NGINX, cleans: true },
  { name: "an nginx that appends", installed: hasNginx, start: startNginx, site: APPENDING, cleans: false },
  { name: "Caddy as in the example", installed: hasCaddy, start: startCaddy, site: example("Caddyfile"), cleans: true },
];
for (const { name } of PROXIES.filter(({ installed }) => !installed))
  console.warn(`Not installed, not tested: ${name}.`);

describe.each(PROXIES.filter(({ installed }) => installed))("behind $name", ({ start, site, cleans }) => {
  async function setUp(): Promise<{ readonly api: ApiGateway; readonly direct: number; readonly port: number }> {
    const [port, direct] = [await freePort(), await freePort()];
    const server = {
      public_url: `http://127.0.0.1:${port}`,
      trusted_proxies: ["127.0.0.1"],
      allowed_hosts: [`127.0.0.1:${direct}`],
    };
    const api = await startApiGateway({ server }, ONLY_OFFICE, { port: direct });
    onTestFinished(() => api.close());
    await start(site, port, direct);
    await eventually(async () => ((await up(port)) ? true : undefined));
    return { api, direct, port };
  }

  async function up(port: number): Promise<boolean> {
    try {
      return (await send(port, { method: "GET", path: "/readyz" })).status === 200;
    } catch {
      return false;
    }
  }

  const call = (from: string, headers: Readonly<Record<string, string>> = {}): RawRequest => ({
    ...modern(
      "tools/call",
      { name: "modern__echo", arguments: { text: "hello" } },
      { headers: { Authorization: people.bearer("ann").authorization, ...headers } },
    ),
    from,
  });

  const said = async (port: number, request: RawRequest) => {
    const { status, text } = await send(port, request);
    return [
      status,
      text.includes("Not from here.")
        ? "denied"
        : text.includes('"isError":true')
          ? "error"
          : text.includes("hello")
            ? "allowed"
            : "refused",
    ];
  };

  const FORGED = [
    ["nothing", {}],
    ["X-Forwarded-For", { "X-Forwarded-For": OFFICE }],
    ["Forwarded", { Forwarded: `for=${OFFICE}` }],
    ["both", { "X-Forwarded-For": OFFICE, Forwarded: `for=${OFFICE}` }],
    ["X-Real-IP", { "X-Real-IP": OFFICE }],
    ["a header that the proxy takes for its connection", { Connection: "close, X-Forwarded-For" }],
    ["quotes without an end", { Forwarded: `for="${OFFICE}` }],
  ] as const;

  it("a policy and the record see who called, whatever clients claim", async () => {
    const { api, port, direct } = await setUp();
    expect(await said(port, call(OFFICE))).toEqual([200, "allowed"]);
    for (const [what, headers] of FORGED) {
      const [status, answer] = await said(port, call(ELSEWHERE, headers));
      expect([what, answer]).toEqual([what, status === 400 ? "refused" : "denied"]);
      if (cleans) expect([what, status]).toEqual([what, 200]);
      // Past the proxy nobody is believed either.
      expect([what, await said(direct, call(ELSEWHERE, headers))]).toEqual([what, [200, "denied"]]);
    }
    const reader = openStoreReader({ url: `file:${api.gateway.dir}/data/portcullis.db` });
    const { entries } = await reader.audit.list({ limit: 100 });
    reader.close();
    const calls = entries.filter(({ tool }) => tool === "echo");
    expect(new Set(calls.map(({ clientIp }) => clientIp))).toEqual(new Set([OFFICE, ELSEWHERE]));
  });

  it("somebody who guesses keys locks nobody else out", async () => {
    const { api, port } = await setUp();
    const guess = {
      ...call(ELSEWHERE),
      headers: { ...call(ELSEWHERE).headers, Authorization: "Bearer pk_aaaaaaaaaaaaaaa" },
    };
    for (let i = 0; i < 10; i++) expect((await send(port, guess)).status).toBe(401);
    const held = await send(port, guess);
    expect([held.status, Number(held.headers["retry-after"]) > 0]).toEqual([429, true]);
    expect((await send(port, { ...guess, from: OFFICE })).status).toBe(401);
    expect(await said(port, call(OFFICE))).toEqual([200, "allowed"]);
    expect(api.gateway.logged.filter((line) => line.includes(`"address":"${ELSEWHERE}"`)).length).toBeGreaterThan(0);
  });

  it("streams arrive piece by piece", async () => {
    const { port } = await setUp();
    const stream = await open(port, {
      method: "GET",
      path: "/api/v1/events",
      headers: { Authorization: people.bearer("root").authorization },
    });
    await stream.contains("retry:");
    stream.abort();
  });

  it("a call ends with its client's connection", async () => {
    const { api, port } = await setUp();
    const { headers, body } = modern("tools/call", { name: "modern__wait", arguments: { text: "" } });
    // A connection of its own: a pool would open the next one at once, and Caddy waits at its end for what comes there.
    const leaving = request({
      ...{ host: "127.0.0.1", port, path: "/mcp", method: "POST", agent: false },
      headers: {
        ...(headers as Record<string, string>),
        "Content-Type": "application/json",
        Accept: "application/json, text/event-stream",
        ...people.bearer("ann"),
      },
    });
    leaving.on("error", () => {});
    leaving.end(JSON.stringify(body));
    await eventually(async () => api.journal.includes("waiting") || undefined);
    leaving.destroy();
    await eventually(async () => api.journal.includes("cancelled") || undefined);
  });
});

describe("a gateway that cannot tell clients' addresses", () => {
  it("is told so by portcullis check and policy check", async () => {
    const dir = mkdtempSync(join(tmpdir(), "portcullis-proxy-"));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const file = join(dir, "portcullis.yaml");
    mkdirSync(join(dir, "policies"));
    writeFileSync(join(dir, "policies/office.yaml"), ONLY_OFFICE["office.yaml"]);
    const says = expect.stringMatching(/office\.yaml:1:\d+.*client\.ip[\s\S]*server\.trusted_proxies/);

    writeFileSync(file, "{}");
    const { status, stderr } = spawnSync(process.execPath, [CLI, "check", "-c", file], { encoding: "utf8" });
    expect([status, stderr]).toEqual([1, says]);
    expect(await runPolicyCommand("check", "-c", file, "--no-tools")).toMatchObject({ code: 1, err: says });

    writeFileSync(file, "server: { trusted_proxies: [loopback] }");
    expect(await runPolicyCommand("check", "-c", file, "--no-tools")).toMatchObject({ code: 0 });
  }, 60_000);

  it("does not start with a policy that decides by them, and does without it", async () => {
    await expect(startApiGateway({}, ONLY_OFFICE)).rejects.toThrow(/client\.ip.*may be the address of a proxy/);
    const direct = await startApiGateway({ server: { trusted_proxies: [] } }, ONLY_OFFICE);
    await direct.close();
  });

  it("takes over no such policy while it runs", async () => {
    const api = await startApiGateway();
    onTestFinished(() => api.close());
    api.gateway.writePolicy("office.yaml", ONLY_OFFICE["office.yaml"]);
    await eventually(async () =>
      api.gateway.logged.some((line) => line.includes("address of a proxy")) ? true : undefined,
    );
    expect(api.gateway.running.wired.policies.current().policies).toEqual([]);
  });
});
