import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readUpstreamEntry } from "../../src/config/checks/upstream-entry.ts";
import { loadConfig } from "../../src/config/load.ts";
import { restartNeeded } from "../../src/config/restart-needed.ts";
import { configOf, errorsOf, load, place } from "./helpers.ts";

const FILES = { "policies/a.yaml": "", "finance/b.yaml": "", "crm/c.yaml": "", "policies/inner/d.yaml": "" };
const configFor = (finance: string, crm = "{ dir: ./crm }", gateway = "") => `
upstreams: { crm: { url: "https://crm.example/mcp", policies: ${crm} } }
endpoints: { finance: { upstreams: [crm], policies: ${finance} } }
${gateway}`;

describe("the folders of levels", () => {
  it("are found beside the file, with their level and its default", () => {
    const config = configOf(configFor("{ dir: ./finance, default: deny }"), {}, FILES);
    const dir = config.policies.dir.replace(/policies$/, "");
    expect(config.policyFolders).toEqual([
      { level: "endpoint/finance", dir: join(dir, "finance"), default: "deny" },
      { level: "upstream/crm", dir: join(dir, "crm"), default: "allow" },
    ]);
    expect(config.endpoints[0]).toEqual({ name: "finance", upstreams: ["crm"], tools: ["*"] });
    expect(Object.keys(config.upstreams[0] ?? {})).not.toContain("policies");
    const without = configOf(configFor("{ dir: ./finance }"), {}, FILES);
    expect(restartNeeded(config, { ...config, policyFolders: without.policyFolders })).toEqual([]);
  });

  it.each([
    ["a folder that is not there", "{ dir: ./finanse }", "endpoints.finance.policies.dir", "There is no such folder."],
    ["no folder", "{ default: deny }", "endpoints.finance.policies.dir", ""],
    ["a key that there is not", "{ dir: ./finance, defualt: deny }", "endpoints.finance.policies.defualt", "default"],
    ["the gateway's own", "{ dir: ./policies }", "endpoints.finance.policies.dir", "lie in one another"],
    ["one within the gateway's", "{ dir: policies/inner }", "endpoints.finance.policies.dir", "lie in one another"],
    ["one around the others", "{ dir: . }", "endpoints.finance.policies.dir", "lie in one another"],
  ])("refuse %s", (_, finance, key, message) => {
    const { errors, printed } = errorsOf(configFor(finance), {}, FILES);
    expect(errors.map(place).join("\n")).toContain(key);
    expect(printed).toContain(message);
  });

  it("refuse one within that of another level, and a link to one; one for both is as it is written", () => {
    expect(errorsOf(configFor("{ dir: crm/in }"), {}, { ...FILES, "crm/in/e.yaml": "" }).printed).toContain(
      "endpoints.finance.policies.dir lie in one another",
    );
    const { dir } = load("", {}, { ...FILES, "x.yaml": configFor("{ dir: ./link }") });
    symlinkSync(join(dir, "policies/inner"), join(dir, "link"));
    const linked = loadConfig(join(dir, "x.yaml"), {});
    expect(linked.ok ? [] : linked.errors.map(({ message }) => message).join()).toContain("lie in one another");
    expect(configOf(configFor("{ dir: ./crm }"), {}, FILES).policyFolders).toHaveLength(2);
  });

  it("are none of an upstream that is registered at run time", () => {
    const read = readUpstreamEntry("crm", { url: "https://crm.example/mcp", policies: { dir: "./crm" } });
    expect(read).toMatchObject({ ok: false, mistakes: [{ at: "policies" }] });
  });
});
