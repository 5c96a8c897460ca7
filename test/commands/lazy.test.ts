import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CLI } from "../support/built.ts";

const HOOKS = join(import.meta.dirname, "../support/list-modules.mjs");

/** What only a running gateway needs, and who opens its store. */
const PACKAGES = ["better-sqlite3", "drizzle-orm", "hono", "@hono", "undici", "jose", "openid-client"];
/** What only a gateway needs that sends e-mails. */
const OF_MAIL = "nodemailer";
const ROOMS = [
  "console",
  "gateway",
  "step-up",
  "operations",
  "store/open-store",
  "upstream/upkeep/upstreams",
  "main/serve",
  "main/compose/wire",
];
const OF_A_GATEWAY = new RegExp(
  `/node_modules/(?:${[...PACKAGES, OF_MAIL].join("|")})/|/dist/(?:${ROOMS.join("|")})[/.]`,
);

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "portcullis-lazy-"));
  writeFileSync(join(dir, "p.yaml"), "policies: [{ id: p, target: { tools: [a/b] }, then: { deny: {} } }]\n");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** The modules that a command loads, as the loader names them. */
function modulesOf(...args: string[]): { readonly status: number | null; readonly modules: readonly string[] } {
  const list = join(dir, "modules");
  writeFileSync(list, "");
  const env = { ...process.env, MODULES_LIST: list };
  const { status } = spawnSync(process.execPath, ["--import", HOOKS, CLI, ...args], { cwd: dir, env });
  return { status, modules: readFileSync(list, "utf8").trim().split("\n") };
}

it.each([
  ["--version"],
  // It reads what the help of each command reads.
  ["--help"],
  ["policy", "check", "--no-tools", "--policies", "."],
  ["keys", "create", "--name", "ci"],
])("a command reads nothing of a gateway's that it does not run: %s %s", (...args) => {
  const { status, modules } = modulesOf(...args);
  expect(status).toBe(0);
  // The list is one.
  expect(modules.some((url) => url.endsWith("/dist/cli.js"))).toBe(true);
  expect(modules.filter((url) => OF_A_GATEWAY.test(url))).toEqual([]);
});

it("the version is told without any command", () => {
  const { modules } = modulesOf("--version");
  expect(modules.filter((url) => /\/dist\/commands\/(?!run\.js$)/.test(url))).toEqual([]);
});

it("what a gateway's modules are called is still what they are called", () => {
  // It reads all of a gateway's, and then there is no place for its store.
  writeFileSync(join(dir, "c.yaml"), "store: { url: 'file:./p.yaml/x.db' }\n");
  const { modules: opened } = modulesOf("serve", "-c", "c.yaml");
  for (const name of [...PACKAGES.map((each) => `/node_modules/${each}/`), ...ROOMS.map((each) => `/dist/${each}`)])
    expect([name, opened.some((url) => url.includes(name))]).toEqual([name, true]);
  expect(opened.filter((url) => url.includes(`/node_modules/${OF_MAIL}/`))).toEqual([]);
  expect(import.meta.resolve(OF_MAIL)).toContain(`/node_modules/${OF_MAIL}/`);
});
