import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type LinkingUpstream, startLinkingUpstream } from "../support/linking-upstream.ts";

const KEYS = { ann: `pk_${"a".repeat(40)}`, bob: `pk_${"b".repeat(40)}` };
const hash = (key: string) => `sha256:${createHash("sha256").update(key).digest("hex")}`;
const AUTH = { api_keys: Object.entries(KEYS).map(([name, key]) => ({ name, hash: hash(key), user: name })) };
const SCRIPT = fileURLToPath(new URL("../support/linking-stdio.mjs", import.meta.url));

let modern: LinkingUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  modern = await startLinkingUpstream("new");
  gateway = await startTestGateway({
    auth: AUTH,
    upstreams: {
      old: { command: process.execPath, args: [SCRIPT, "old"], era: "legacy" },
      new: { url: modern.url },
    },
  });
});

afterAll(async () => {
  await gateway?.close();
  await modern?.close();
});

/** A client of either era, with what it was told to have changed. */
interface Face {
  readonly updated: readonly string[];
  list(what: "tools" | "resources" | "templates"): Promise<readonly unknown[]>;
  /** URIs in the content of a tool's result, in their order, and its structured content. */
  call(
    tool: string,
    args?: Record<string, unknown>,
  ): Promise<{ readonly uris: readonly unknown[]; readonly structured: unknown }>;
  prompt(name: string): Promise<unknown>;
  /** `uri: text` of what was read. */
  read(uri: string): Promise<string>;
  complete(template: string): Promise<unknown>;
  watch(uris: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

type Block = { readonly uri?: unknown; readonly resource?: unknown };
const uriOf = ({ uri, resource }: Block): unknown => uri ?? (resource as Block | undefined)?.uri;

function face(client: LegacyClient | ModernClient, updated: readonly string[], watch: Face["watch"]): Face {
  // The two SDKs have the same methods, and types that only look different.
  const sdk = client as LegacyClient;
  return {
    updated,
    watch,
    async list(what) {
      if (what === "tools") return (await sdk.listTools()).tools;
      if (what === "resources") return (await sdk.listResources()).resources.map(({ uri, name }) => `${name}: ${uri}`);
      const { resourceTemplates } = await sdk.listResourceTemplates();
      return resourceTemplates.map(({ uriTemplate, name }) => `${name}: ${uriTemplate}`);
    },
    async call(tool, args = {}) {
      const { content, structuredContent } = await sdk.callTool({ name: tool, arguments: args });
      return { uris: (content as readonly Block[]).map(uriOf), structured: structuredContent };
    },
    prompt: async (name) => uriOf((await sdk.getPrompt({ name })).messages[0]?.content as Block),
    async read(uri) {
      const [found] = (await sdk.readResource({ uri })).contents;
      return `${found?.uri}: ${found !== undefined && "text" in found ? found.text : ""}`;
    },
    async complete(template) {
      const ref = { type: "ref/resource" as const, uri: template };
      return (await sdk.complete({ ref, argument: { name: "id", value: "" } })).completion.values;
    },
    close: () => client.close(),
  };
}

async function connectOld(user: keyof typeof KEYS): Promise<Face> {
  const client = new LegacyClient({ name: "old-client", version: "1" });
  const updated: string[] = [];
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void updated.push(params.uri));
  const requestInit = { headers: { authorization: `Bearer ${KEYS[user]}` } };
  await client.connect(new LegacyTransport(new URL(gateway.mcp), { requestInit }) as Transport);
  return face(client, updated, async (uris) => {
    for (const uri of uris) await client.subscribeResource({ uri });
  });
}

async function connectNew(user: keyof typeof KEYS): Promise<Face> {
  const versionNegotiation = { mode: { pin: "2026-07-28" } };
  const client = new ModernClient({ name: "new-client", version: "1" }, { versionNegotiation });
  const updated: string[] = [];
  client.setNotificationHandler("notifications/resources/updated", ({ params }) => void updated.push(params.uri));
  const requestInit = { headers: { authorization: `Bearer ${KEYS[user]}` } };
  await client.connect(new ModernTransport(new URL(gateway.mcp), { requestInit }));
  return face(client, updated, async (uris) => {
    await client.listen({ resourceSubscriptions: [...uris] });
  });
}

describe.each([
  { client: "an SDK v1 client", connect: connectOld },
  { client: "an SDK v2 client", connect: connectNew },
])("$client, in front of two servers with equal URIs", ({ connect }) => {
  let ann: Face;
  let bob: Face;

  beforeAll(async () => {
    [ann, bob] = await Promise.all([connect("ann"), connect("bob")]);
  });
  afterAll(async () => {
    await Promise.all([ann.close(), bob.close()]);
  });

  it("sees the resources and templates of both, those that only one has as they are", async () => {
    expect(await ann.list("resources")).toEqual([
      "old same://1: same://1#portcullis=old",
      "old own://old: own://old",
      "old ui://app: ui://app#portcullis=old",
      "new same://1: same://1#portcullis=new",
      "new own://new: own://new",
      "new ui://app: ui://app#portcullis=new",
    ]);
    expect(await ann.list("templates")).toEqual([
      "old template: same://by/{id}#portcullis=old",
      "new by id: same://by/{id}#portcullis=new",
      "new all: {+anything}#portcullis=new",
    ]);
  });

  it("finds the page of each server's app", async () => {
    const apps = (await ann.list("tools")).filter((tool) => (tool as { name: string }).name.endsWith("__app"));
    expect(apps).toMatchObject(
      ["old", "new"].map((server) => ({
        name: `${server}__app`,
        _meta: {
          ui: { resourceUri: `ui://app#portcullis=${server}` },
          "ui/resourceUri": `ui://app#portcullis=${server}`,
        },
      })),
    );
  });

  it.each(["old", "new"])("is led back by all that %s says", async (server) => {
    const marked = (uri: string) => `${uri}#portcullis=${server}`;
    const shown = [marked("hidden://same"), marked("same://1"), `own://${server}`, marked("same://1")];
    const result = await ann.call(`${server}__links`);
    expect(result).toEqual({ uris: shown, structured: { uri: "same://1", n: 1 } });
    expect(await ann.prompt(`${server}__p`)).toBe(marked("same://1"));
    for (const uri of shown) expect(await ann.read(uri)).toBe(`${uri}: ${server} read ${uri.split("#")[0]}`);
    expect(await ann.read(marked("same://by/7"))).toBe(`${marked("same://by/7")}: ${server} read same://by/7`);
    expect(await ann.complete(marked("same://by/{id}"))).toEqual([`${server} same://by/{id}`]);
  });

  it("is not led elsewhere by what the other server says to somebody else", async () => {
    await ann.call("old__links");
    await bob.call("new__links");
    expect(await ann.read("hidden://same#portcullis=old")).toContain("old read hidden://same");
    expect(await bob.read("hidden://same#portcullis=new")).toContain("new read hidden://same");
  });

  it.each(["same://1", "same://by/7"])("is told that %s could be of either", async (uri) => {
    await expect(ann.read(uri)).rejects.toThrow(/More than one server.*#portcullis=old, #portcullis=new/);
    await expect(ann.complete("same://by/{id}")).rejects.toThrow(/More than one server/);
  });

  it("hears of the resource that it watches, under the name that it watches it by", async () => {
    const watcher = await connect("ann");
    await watcher.watch(["same://1#portcullis=old", "same://1#portcullis=new", "own://old"]);
    await eventually(async () => {
      for (const uri of ["same://1", "own://old"]) await watcher.call("old__touch", { uri });
      return watcher.updated.includes("own://old") ? true : undefined;
    });
    expect(new Set(watcher.updated)).toEqual(new Set(["same://1#portcullis=old", "own://old"]));
    await eventually(async () => {
      modern.notify.resourceUpdated("same://1");
      return watcher.updated.includes("same://1#portcullis=new") ? true : undefined;
    });
    await watcher.close();
  });
});

it("is logged once for an endpoint", () => {
  const lines = gateway.logged.filter((line) => line.includes("more than one server could have"));
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: "warn", endpoint: "", upstreams: ["old", "new"], uris: 7, first: ["same://1", "ui://app", "same://1"] },
  ]);
});

describe("after a restart", () => {
  it("links lead where they led, also while the server is down that gave them", async () => {
    await modern.close();
    await gateway.restart();
    const client = await connectOld("ann");
    expect(await client.read("hidden://same#portcullis=old")).toContain("old read hidden://same");
    expect(await client.read("own://old")).toContain("old read own://old");
    // The other one is not there, and nobody else answers for it.
    await expect(client.read("same://1")).rejects.toThrow(/More than one server/);
    await expect(client.read("own://new")).rejects.toThrow(/cannot be reached/);
    await client.close();
  });
});
