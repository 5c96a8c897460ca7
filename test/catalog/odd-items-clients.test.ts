import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { repairItem } from "../../src/catalog/repair.ts";
import { isObject, type JsonObject } from "../../src/core/json.ts";
import type { ListKind } from "../../src/mcp/messages.ts";
import { type AnyClient, type Connect, connectSdk1, connectSdk2Auto } from "../support/clients.ts";
import { type ForeignClient, goClient, pythonClient, type Seen, type Uses } from "../support/foreign-clients.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { ODD_ITEMS, RIGHT_ITEMS } from "../support/odd-items.ts";
import {
  answer,
  legacyScript,
  modernScript,
  type RawHandler,
  type RawUpstream,
  startRawUpstream,
} from "../support/raw-upstream.ts";

const KINDS = Object.keys(RIGHT_ITEMS) as ListKind[];
const KEYS = { tools: "name", prompts: "name", resources: "uri", resourceTemplates: "uriTemplate" } as const;
const ERAS = ["modern", "legacy"] as const;
type Era = (typeof ERAS)[number];

/** The item under a name of its own. */
function named(era: Era, kind: ListKind, item: JsonObject, nth: number | string): JsonObject {
  const name = `odd-${nth}`;
  const uri = `${era}://${name}`;
  const keys = { tools: name, prompts: name, resources: uri, resourceTemplates: `${uri}/{b}` };
  return { ...item, [KEYS[kind]]: keys[kind] };
}

/** All odd items of a kind, between two right ones. */
const listed = (era: Era, kind: ListKind): readonly JsonObject[] => [
  named(era, kind, RIGHT_ITEMS[kind], "first"),
  ...ODD_ITEMS.filter((odd) => odd.kind === kind).map(({ item }, nth) => named(era, kind, item, nth)),
  named(era, kind, RIGHT_ITEMS[kind], "last"),
];

/** As clients see them. */
function keysOf(era: Era, kind: ListKind, items: readonly JsonObject[]): readonly string[] {
  const prefix = kind === "tools" || kind === "prompts" ? `${era}__` : "";
  return items.map((item) => `${prefix}${String(item[KEYS[kind]])}`);
}

const allKeys = (kind: ListKind): readonly string[] => ERAS.flatMap((era) => keysOf(era, kind, listed(era, kind)));

/** Of the items that come out of their repair as one and the same, one. */
function different(era: Era, kind: ListKind): readonly string[] {
  const byForm = new Map<string, JsonObject>();
  for (const item of listed(era, kind)) {
    const { [KEYS[kind]]: key, ...form } = repairItem(kind, item).item;
    byForm.set(JSON.stringify(form["name"] === key ? { ...form, name: "" } : form), item);
  }
  return keysOf(era, kind, [...byForm.values()]);
}

const usesOf = (era: Era): Uses => ({
  tools: different(era, "tools"),
  prompts: different(era, "prompts"),
  resources: [
    ...different(era, "resources"),
    ...different(era, "resourceTemplates").map((uri) => uri.replace("{b}", "x")),
  ],
});

const ANSWERS: Readonly<Record<string, (uri: string) => JsonObject>> = {
  "tools/call": () => ({ content: [{ type: "text", text: "ran" }], structuredContent: { x: 1 } }),
  "prompts/get": () => ({ messages: [] }),
  "resources/read": (uri) => ({ contents: [{ uri, text: "read" }], ttlMs: 0, cacheScope: "private" }),
};

const serve =
  (era: Era): RawHandler =>
  (request, response) => {
    const kind = KINDS.find(
      (each) => request.method === (each === "resourceTemplates" ? "resources/templates/list" : `${each}/list`),
    );
    const { params } = request.body;
    if (kind !== undefined) {
      answer(request, response, { resultType: "complete", [kind]: listed(era, kind), ttlMs: 0, cacheScope: "private" });
      return;
    }
    const make = ANSWERS[request.method];
    const uri = isObject(params) ? String(params["uri"]) : "";
    if (make === undefined) response.writeHead(202).end();
    else answer(request, response, { resultType: "complete", ...make(uri) });
  };

const CAPABILITIES = { tools: {}, prompts: {}, resources: {} };

const servers: Readonly<Record<Era, RawHandler>> = {
  modern: (request, response) => {
    if (request.method !== "server/discover") return modernScript(serve("modern"))(request, response);
    const versions = { resultType: "complete", supportedVersions: ["2026-07-28"], ttlMs: 0, cacheScope: "private" };
    answer(request, response, { ...versions, capabilities: CAPABILITIES });
  },
  legacy: (request, response) => {
    if (request.method !== "initialize") return legacyScript(serve("legacy"))(request, response);
    const serverInfo = { name: "odd", version: "1" };
    answer(request, response, { protocolVersion: "2025-11-25", capabilities: CAPABILITIES, serverInfo });
  },
};

let upstreams: Readonly<Record<Era, RawUpstream>>;
let gateway: TestGateway;
const dir = mkdtempSync(join(tmpdir(), "portcullis-peers-"));

beforeAll(async () => {
  upstreams = { modern: await startRawUpstream(servers.modern), legacy: await startRawUpstream(servers.legacy) };
  gateway = await startTestGateway({
    upstreams: { modern: { url: upstreams.modern.url }, legacy: { url: upstreams.legacy.url } },
  });
});

afterAll(async () => {
  await gateway.close();
  for (const upstream of Object.values(upstreams)) await upstream.close();
  rmSync(dir, { recursive: true, force: true });
});

/** The same with a client of this language. */
function ownClient(connect: Connect): ForeignClient {
  return {
    ok: true,
    async look(url, uses): Promise<Seen> {
      const client = await connect(url);
      const failed: string[] = [];
      const ways: Readonly<Record<keyof Uses, (name: string) => Promise<unknown>>> = {
        tools: async (name) => {
          const { isError, text } = await client.call(name, { x: 1 });
          if (isError) throw new Error(text);
        },
        prompts: (name) => client.prompt(name),
        resources: (uri) => client.read(uri),
      };
      try {
        const seen = await listAll(client);
        for (const kind of ["tools", "prompts", "resources"] as const) {
          for (const name of uses[kind])
            await ways[kind](name).catch((err: unknown) => failed.push(`${kind} ${name}: ${err}`));
        }
        return { ...seen, failed };
      } finally {
        await client.close();
      }
    },
  };
}

async function listAll(client: AnyClient): Promise<Omit<Seen, "failed">> {
  return {
    tools: await client.tools(),
    prompts: await client.prompts(),
    resources: await client.resources(),
    resourceTemplates: await client.templates(),
  };
}

/** Each lists the items of both servers, and uses those of one, which takes most of the time. */
const CLIENTS: ReadonlyArray<readonly [name: string, of: Era, make: () => ForeignClient]> = [
  ["the SDK v1", "modern", () => ownClient(connectSdk1)],
  ["the SDK v2", "legacy", () => ownClient(connectSdk2Auto)],
  ["the Python SDK in the legacy era", "modern", () => pythonClient("legacy")],
  ["the Python SDK in the era that it finds", "legacy", () => pythonClient("auto")],
  ["the Go SDK", "modern", () => goClient(dir)],
];

it.each(CLIENTS)("all right and all repaired items can be used with %s, of a %s server", async (name, of, make) => {
  const client = make();
  if (!client.ok) {
    process.stderr.write(`Odd items are not tried with ${name}: ${client.missing}\n`);
    return;
  }
  const seen = await client.look(gateway.mcp, usesOf(of));
  for (const kind of KINDS) expect([...seen[kind]].sort()).toEqual([...allKeys(kind)].sort());
  expect(seen.failed).toEqual([]);
});

it("the table is one of odd items", async () => {
  const direct = await connectSdk1(upstreams.legacy.url);
  for (const list of [direct.tools, direct.prompts, direct.resources, direct.templates])
    await expect(list()).rejects.toThrow();
  await direct.close();
  for (const kind of KINDS) expect(allKeys(kind).length).toBeGreaterThan(100);
  const { tools, prompts, resources } = usesOf("modern");
  expect(tools.length + prompts.length + resources.length).toBeGreaterThan(40);
});
