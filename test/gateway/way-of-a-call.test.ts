import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectSdk1, connectSdk2Pinned } from "../support/clients.ts";
import { type Entered, type FunctionName, noteEntered } from "../support/entered.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { startLegacyUpstream } from "../support/legacy-upstream.ts";
import { startModernUpstream } from "../support/modern-upstream.ts";

const MAX_STATIONS = 15;

/** The stations that the document writes down, by era. */
const WRITTEN = stationsOf(readFileSync(join(import.meta.dirname, "../../docs/architecture.md"), "utf8"));

const CLIENTS = { modern: connectSdk2Pinned, legacy: connectSdk1 } as const;

describe("the way of a call", () => {
  const started: Array<{ close(): Promise<void> }> = [];
  let gateway: TestGateway;
  let entered: Entered;

  beforeAll(async () => {
    const modern = await startModernUpstream();
    const legacy = await startLegacyUpstream();
    gateway = await startTestGateway({
      upstreams: { modern: { url: modern.url }, legacy: { url: legacy.url } },
    });
    started.push(gateway, modern, legacy);
    entered = await noteEntered([...WRITTEN.modern, ...WRITTEN.legacy]);
  });
  afterAll(async () => {
    for (const each of started) await each.close();
    entered.close();
  });

  it.each(["modern", "legacy"] as const)("goes through the stations that are written down: %s", async (era) => {
    const stations = WRITTEN[era];
    expect(stations.length).toBeLessThanOrEqual(MAX_STATIONS);
    const client = await CLIENTS[era](`${gateway.mcp}/${era}`);
    // A first call opens the session with its server, which is no part of the way.
    await client.call("echo", { text: "before" });
    let answer: unknown;
    const way = await entered.during(async () => {
      answer = await client.call("echo", { text: "hello" });
    });
    await client.close();
    expect(answer).toMatchObject({ isError: false });
    expect(way).toEqual(stations);
  });
});

/** Reads the table below the heading: a number, what happens, and the functions of each era. */
function stationsOf(document: string): { readonly modern: FunctionName[]; readonly legacy: FunctionName[] } {
  const [, section = ""] = document.split("## The way of a call\n");
  const rows = [...(section.split("\n## ")[0] ?? "").matchAll(/^\| \d+ \| [^|]+ \| ([^|]+) \| ([^|]+) \|$/gm)];
  const named = (cell: string | undefined): FunctionName[] => {
    const [, file, name] = /^`([\w/-]+\.ts):(\w+)`/.exec(cell ?? "") ?? [];
    return file === undefined || name === undefined ? [] : [`${file}:${name}` as FunctionName];
  };
  return {
    modern: rows.flatMap(([, modern]) => named(modern)),
    legacy: rows.flatMap(([, modern, legacy]) => named(legacy === "the same" ? modern : legacy)),
  };
}
