import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { recordedRefusal } from "../../src/audit/read/recorded-refusal.ts";
import { createRefusals } from "../../src/audit/refusals.ts";
import { networkOf } from "../../src/http/attempts.ts";
import { API_KEY_PREFIX } from "../../src/identity/api-keys.ts";
import type { AuditEntry } from "../../src/store/audit/audit-rows.ts";
import { temporaryDir } from "../support/audit.ts";
import { SECRET } from "../support/audit-key.ts";
import { CONSOLE_CONFIG, consoleUsers, csrfTokenIn, MACHINE_KEY, postForm, sessionCookie } from "../support/console.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { send } from "../support/raw-mcp.ts";
import { attack, recordFiles, runGateway, verdictOn } from "../support/record-world.ts";

let gateway: TestGateway;
const wired = () => gateway.running.wired;
const port = () => Number(new URL(gateway.url).port);

beforeAll(async () => {
  gateway = await startTestGateway(CONSOLE_CONFIG);
});
afterAll(() => gateway.close());

let seen = 0;
async function newRows(): Promise<readonly AuditEntry[]> {
  await wired().audit.flush();
  const { entries } = await wired().activity.search({ limit: 100, after: seen });
  seen = entries.at(-1)?.seq ?? seen;
  return entries;
}

const ip = "127.0.0.1";

describe("the console", () => {
  it("puts on record who signs in and out", async () => {
    await newRows();
    const cookie = await sessionCookie(gateway, "carla");
    const page = await fetch(`${gateway.url}/console/you`, { headers: { cookie } });
    const fields = { csrf_token: csrfTokenIn(await page.text()) };
    await postForm(gateway, "/console/sign-out", fields, { cookie });
    const rows = await newRows();
    const who = { kind: "admin", actor: "carla", clientIp: ip };
    expect(rows).toMatchObject([
      { ...who, outcome: "console_signed_in" },
      { ...who, outcome: "console_signed_out" },
    ]);
    expect(rows[0]?.session).toBe(rows[1]?.session);
    expect(JSON.stringify(rows)).not.toContain(cookie.split("=")[1]);
  });

  it.each([
    ["a key that there is not", `${API_KEY_PREFIX}${"q".repeat(40)}`, "unknown_key"],
    ["the key of a machine", MACHINE_KEY, "machine"],
  ])("puts on record who fails to: %s", async (_, key, reason) => {
    await newRows();
    await postForm(gateway, "/console/sign-in", { key });
    const rows = await newRows();
    expect(rows).toMatchObject([{ kind: "admin", outcome: "console_sign_in_refused", actor: null, clientIp: ip }]);
    expect(rows.map(recordedRefusal)).toMatchObject([{ at: "sign_in", credential: "key", reason, count: 1 }]);
    expect(JSON.stringify(rows)).not.toContain(key);
  });

  it("puts on record whom it refuses", async () => {
    const cookie = await sessionCookie(gateway, "eve");
    await newRows();
    await fetch(`${gateway.url}/console/activity`, { headers: { cookie } });
    await postForm(gateway, "/console/sign-out", { csrf_token: "00" }, { cookie });
    await postForm(gateway, "/console/sign-in", {}, { Origin: "https://evil.example" });
    await send(port(), { method: "GET", path: "/console", headers: { Host: "evil.example" } });
    const kind = "refused";
    expect(await newRows()).toMatchObject([
      { kind, outcome: "ADMIN_REQUIRED", actor: "eve" },
      { kind, outcome: "CSRF_TOKEN_INVALID", actor: "eve" },
      { kind, outcome: "ORIGIN_NOT_ALLOWED", actor: null },
      { kind, outcome: "HOST_NOT_ALLOWED", actor: null },
    ]);
  });
});

describe("the API", () => {
  const eve = consoleUsers.bearer("eve").authorization;
  it.each<[string, string, Record<string, string | undefined>, string, string, string | null, string]>([
    ["no credential", "GET /audit", { Authorization: undefined }, "CREDENTIAL_MISSING", "none", null, "GET /audit"],
    [
      "an unknown key",
      "GET /audit",
      { Authorization: `Bearer pk_${"z".repeat(40)}` },
      "TOKEN_INVALID",
      "key",
      null,
      "GET /audit",
    ],
    [
      "a foreign host",
      "GET /audit",
      { Authorization: eve, Host: "evil.example" },
      "HOST_NOT_ALLOWED",
      "key",
      null,
      "GET /audit",
    ],
    ["no administrator", "GET /audit/secret-id", { Authorization: eve }, "ADMIN_REQUIRED", "key", "eve", "GET /audit"],
    ["a path that there is not", "POST /NOPE", { Authorization: eve }, "PATH_UNKNOWN", "key", "eve", "POST"],
    [
      "an unknown filter",
      "GET /approvals?nope=1",
      { Authorization: eve },
      "PARAMS_INVALID",
      "key",
      "eve",
      "GET /approvals",
    ],
  ])("puts on record whom it refuses: %s", async (_, asked, headers, outcome, credential, actor, method) => {
    await newRows();
    const [verb, path] = asked.split(" ");
    await send(port(), { method: verb ?? "", path: `/api/v1${path}`, headers });
    const rows = await newRows();
    expect(rows).toMatchObject([{ kind: "refused", outcome, actor, method, clientIp: ip }]);
    expect(rows.map(recordedRefusal)).toMatchObject([{ at: "api", credential }]);
  });

  it("finds them by kind and code, and lists them nowhere else", async () => {
    const read = async (query: string) => {
      const path = `/api/v1/audit?limit=500${query}`;
      const answer = await send(port(), {
        method: "GET",
        path,
        headers: { Authorization: consoleUsers.bearer("carla").authorization },
      });
      return (answer.json["items"] ?? []) as { kind: string; outcome: string; address: string }[];
    };
    const kinds = async (query: string) => [...new Set((await read(query)).map(({ kind }) => kind))].sort();
    expect(await kinds("&kind=refused")).toEqual(["refused"]);
    expect(await kinds("&code=ADMIN_REQUIRED")).toEqual(["refused"]);
    expect(await kinds("")).not.toContain("refused");
  });
});

describe("whoever writes files", () => {
  const facts = async () => {
    const rows = await newRows();
    return rows.map(({ kind, outcome, upstream, facts: said }) => ({
      kind,
      outcome,
      upstream,
      ...JSON.parse(said ?? "{}"),
    }));
  };

  it("changes the configuration, and servers by it, on record", async () => {
    await newRows();
    const server = (name: string) => ({
      ...CONSOLE_CONFIG,
      upstreams: { far: { url: `http://127.0.0.1:9/${name}?token=hunter2-and-more` } },
    });
    gateway.reconfigure(server("a"));
    gateway.reconfigure(server("b"));
    gateway.reconfigure(server("b"));
    gateway.reconfigure(CONSOLE_CONFIG);
    wired().reloadRefused(["/etc/portcullis/portcullis.yaml"], 2);
    const rows = await facts();
    expect(rows.map(({ outcome, change }) => [outcome, change])).toEqual([
      ["configuration_changed", undefined],
      ["upstream_configured", "added"],
      ["configuration_changed", undefined],
      ["upstream_configured", "changed"],
      ["configuration_changed", undefined],
      ["upstream_configured", "removed"],
      ["configuration_refused", undefined],
    ]);
    expect(rows[2]?.before).toBe(rows[0]?.after);
    expect(rows[4]?.before).toBe(rows[2]?.after);
    expect(rows.at(-1)).toMatchObject({ files: ["portcullis.yaml"], mistakes: 2 });
    expect(JSON.stringify(rows)).not.toContain("hunter2");
  });

  it("changes the policies on record, and fails to", async () => {
    await newRows();
    const before = wired().policies.current().digest;
    gateway.writePolicy("p.yaml", "policies:\n  - id: no\n    target: { tools: ['*/x'] }\n    then: { deny: {} }\n");
    await eventually(async () => (wired().policies.current().digest === before ? undefined : true));
    const after = wired().policies.current().digest;
    expect(await facts()).toMatchObject([{ kind: "admin", outcome: "policies_changed", before, after, policies: 1 }]);
    gateway.writePolicy("p.yaml", "policies:\n  - id: no\n    then: { nothing: {} }\n");
    await eventually(async () => (wired().policies.errors().length > 0 ? true : undefined));
    expect(await facts()).toMatchObject([
      { kind: "admin", outcome: "policies_refused", before: after, files: ["p.yaml"] },
    ]);
  });
});

describe("a record with refusals and acts in it", () => {
  it("verifies, and does not where one of them was changed", async () => {
    const files = recordFiles(temporaryDir());
    await runGateway(files, SECRET, 0, {
      async further(_store, audit, now) {
        const refusals = createRefusals({ audit, networkOf, now });
        const claim = () => ({ kind: "bearer", issuer: "https://idp.example" }) as const;
        for (const ip of ["192.0.2.1", "192.0.2.1", "2001:db8::1"]) {
          refusals.refused({ code: "TOKEN_INVALID", at: "mcp", ip, claim, method: "prompts/get" });
          refusals.refused({ code: "unknown_key", at: "sign_in", ip, claim: () => ({ kind: "key" }) });
        }
        const act = { about: "admin", id: "policies", actor: undefined, at: now() } as const;
        audit.record({ ...act, outcome: "policies_changed", facts: { before: "a", after: "b" } });
        refusals.close();
      },
    });
    const verdict = () => verdictOn(files, { secret: SECRET, anchor: false });
    expect((await verdict()).findings).toEqual([]);
    attack(files, (db) => db.prepare("UPDATE audit SET client_ip = 'x' WHERE kind = 'refused'").run());
    expect((await verdict()).findings).not.toEqual([]);
  });
});
