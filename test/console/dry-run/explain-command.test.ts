import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { explainCommand } from "../../../src/console/dry-run/explain-command.ts";

describe("a tried call as a command", () => {
  it("reaches the program as it was written, whatever a shell makes of its characters", () => {
    const args = { note: 'it\'s $HOME `id` "x" \\ \n--json', list: [1, null] };
    const command = explainCommand({
      tool: "bank/pay out",
      args,
      user: { email: "ann@acme.com", roles: ["a b", "-c"], groups: [] },
      client: { ip: "10.0.0.1" },
      time: "2026-01-31T09:00:00Z",
    });
    const script = (command ?? "").replace("portcullis policy explain", "printf '%s\\0'");
    const words = execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1);
    expect(words).toEqual([
      "--tool=bank/pay out",
      `--args=${JSON.stringify(args)}`,
      "--user=ann@acme.com",
      "--role=a b",
      "--role=-c",
      "--ip=10.0.0.1",
      "--time=2026-01-31T09:00:00Z",
    ]);
  });

  it.each([{ user: { acr: "mfa" } }, { client: { id: "agent" } }, { session: "s" }])(
    "is none where the command cannot say %j",
    (more) => {
      expect(explainCommand({ tool: "bank/pay", ...more })).toBeUndefined();
    },
  );
});
