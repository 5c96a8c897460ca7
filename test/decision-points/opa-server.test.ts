import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Cancellation } from "../../src/core/cancellation.ts";
import { createDecisionPoints, type OpenDecisionPoints } from "../../src/decision-points/create-decision-points.ts";
import { eventually } from "../support/eventually.ts";
import { policyInput } from "../support/policy-inputs.ts";

/* The real server, where `.ci/run` could install it. */

const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
const places = [join(cache, "portcullis-peers/bin"), ...(process.env["PATH"] ?? "").split(delimiter)];
const opa = places.map((place) => join(place, "opa")).find(isProgram);
if (opa === undefined) console.warn("Skipped: no opa. .ci/run installs it where Go and its module proxy are there.");

const POLICY = `package mcp

default allow := false

allow if {
	input.tool.upstream == "expenses"
	input.args.amount <= 1000
	"employee" in input.user.roles
}

decision := {"allow": allow, "reason": reason}

default reason := ""
reason := sprintf("%s may not file %v", [input.user.email, input.args.amount]) if not allow

undefined_unless_finance if "finance" in input.user.groups
`;

describe.skipIf(opa === undefined)("a real OPA server", () => {
  const dir = mkdtempSync(join(tmpdir(), "portcullis-opa-"));
  let server: ChildProcess;
  let points: OpenDecisionPoints;

  beforeAll(async () => {
    writeFileSync(join(dir, "mcp.rego"), POLICY);
    const address = `127.0.0.1:${await freePort()}`;
    const url = `http://${address}`;
    const args = ["run", "--server", "--addr", address, "--disable-telemetry", join(dir, "mcp.rego")];
    server = spawn(opa ?? "", args, { stdio: "ignore" });
    await eventually(() =>
      fetch(`${url}/health`).then(
        ({ ok }) => ok || undefined,
        () => undefined,
      ),
    );
    const common = { url, headers: {}, timeoutMs: 30_000, maxBytes: 100_000 };
    const point = (name: string, path: string) => ({ name, opa: { ...common, path } });
    points = createDecisionPoints([
      point("bool", "mcp/allow"),
      point("object", "mcp/decision"),
      point("undefined", "mcp/undefined_unless_finance"),
      point("nowhere", "mcp/no/such/rule"),
    ]);
  }, 60_000);

  afterAll(async () => {
    await points?.close();
    if (server?.exitCode === null) {
      server.kill("SIGKILL");
      await once(server, "exit");
    }
    rmSync(dir, { recursive: true });
  });

  it.each([
    ["bool", { amount: 10 }, { kind: "allow" }],
    ["bool", { amount: 1001 }, { kind: "deny", reason: undefined }],
    ["object", { amount: 10 }, { kind: "allow" }],
    ["object", { amount: 1001 }, { kind: "deny", reason: "ann@example.com may not file 1001" }],
    ["undefined", {}, { kind: "error", error: expect.stringContaining("undefined") }],
    ["nowhere", {}, { kind: "error", error: expect.stringContaining("undefined") }],
  ])("decides by its policy: %s of %o", async (name, args, answer) => {
    expect(await points.ask(name, policyInput({ arguments: args }), new Cancellation())).toEqual(answer);
  });
});

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** It does not tell which port it got, so that it is told one which was free just now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
