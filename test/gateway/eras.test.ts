import { specTypeSchemas } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { isObject } from "../../src/core/json.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { initialize, modern, type RawSession, send } from "../support/raw-mcp.ts";
import {
  answer,
  answerRaw,
  legacyScript,
  type RawHandler,
  type RawUpstream,
  startRawUpstream,
} from "../support/raw-upstream.ts";
import { createUsers } from "../support/users.ts";

const ERAS = ["modern", "legacy"] as const;
type Era = (typeof ERAS)[number];

const people = createUsers({ ann: [] });
const { authorization } = people.bearer("ann");
const user = authorization.slice("Bearer ".length);

const CAPABILITIES = { tools: {}, prompts: {}, resources: {}, completions: {} };
const URI = "test://a";

/** What servers put into results as members of 2026-07-28, whatever their era, as JSON text. */
const ODD: Readonly<Record<string, string>> = {
  "none of them": "",
  "right ones": '"resultType":"complete","ttlMs":5000,"cacheScope":"private"',
  "a public result": '"resultType":"complete","ttlMs":5000,"cacheScope":"public"',
  "less than no time": '"resultType":"complete","ttlMs":-5,"cacheScope":"private"',
  "a fraction of a time": '"resultType":"complete","ttlMs":1500.5,"cacheScope":"private"',
  "a time in another writing": '"resultType":"complete","ttlMs":5.0e3,"cacheScope":"private"',
  "a time without end": '"resultType":"complete","ttlMs":1e400,"cacheScope":"private"',
  "a long time": '"resultType":"complete","ttlMs":123456789012345678901,"cacheScope":"private"',
  "a time in words": '"resultType":"complete","ttlMs":"5000","cacheScope":"shared"',
  "null for all": '"resultType":null,"ttlMs":null,"cacheScope":null',
  "other types for all": '"resultType":7,"ttlMs":[5000],"cacheScope":{"resultType":"x"}',
  "no scope": '"resultType":"complete","ttlMs":5000',
  "no time": '"resultType":"complete","cacheScope":"public"',
};

/** What a result may be kept for, by what was said. */
const TTL: Readonly<Record<string, number>> = {
  "right ones": 5000,
  "a public result": 5000,
  "a fraction of a time": 1500,
  "a time in another writing": 5000,
  "a time without end": Number.MAX_SAFE_INTEGER,
  "a long time": Number.MAX_SAFE_INTEGER,
  "no scope": 5000,
};

const METHODS: Readonly<
  Record<string, readonly [params: JsonObject, result: string, schema: keyof typeof specTypeSchemas]>
> = {
  "tools/call": [{ name: "t", arguments: {} }, '"content":[{"type":"text","text":"\\"ttlMs\\":1"}]', "CallToolResult"],
  "resources/read": [{ uri: URI }, `"contents":[{"uri":"${URI}","text":"x"}]`, "ReadResourceResult"],
  "prompts/get": [{ name: "p" }, '"messages":[]', "GetPromptResult"],
  "completion/complete": [
    { ref: { type: "ref/prompt", name: "p" }, argument: { name: "a", value: "" } },
    '"completion":{"values":[]}',
    "CompleteResult",
  ],
};

/** How long a modern server lets its lists be kept; the second page of the tools says another time. */
const LIST_TTL: Readonly<Record<string, string>> = {
  "tools/list": "60000",
  "prompts/list": "-5",
  "resources/list": "86400000",
  "resources/templates/list": '"x"',
};
const LISTS: Readonly<Record<string, string>> = {
  "tools/list": '"tools":[{"name":"t","inputSchema":{"type":"object"}}]',
  "prompts/list": '"prompts":[{"name":"p","arguments":[{"name":"a"}]}]',
  "resources/list": `"resources":[{"uri":"${URI}","name":"r"}]`,
  "resources/templates/list": '"resourceTemplates":[]',
};

let said = "";

const serve: RawHandler = (request, response) => {
  const { method, body } = request;
  const say = (...members: string[]): void =>
    answerRaw(
      response,
      `{"jsonrpc":"2.0","id":${String(body["id"])},"result":{${members.filter((text) => text !== "").join(",")}}}`,
    );
  const list = LISTS[method];
  if (list !== undefined) {
    const second = isObject(body["params"]) && body["params"]["cursor"] !== undefined;
    const more = method === "tools/list" && !second ? '"nextCursor":"2"' : "";
    const ttl = second ? "20000" : LIST_TTL[method];
    return say(second ? '"tools":[]' : list, more, `"resultType":"complete","ttlMs":${ttl},"cacheScope":"public"`);
  }
  const called = METHODS[method];
  if (called === undefined) response.writeHead(202).end();
  else if (method === "tools/call") say(called[1], said);
  else say(said, called[1]);
};

const servers: Readonly<Record<Era, RawHandler>> = {
  modern: (request, response) =>
    request.method === "server/discover"
      ? answer(request, response, {
          ...{ resultType: "complete", supportedVersions: ["2026-07-28"], capabilities: CAPABILITIES },
          ...{ ttlMs: -7, cacheScope: "public" },
        })
      : serve(request, response),
  legacy: (request, response) => {
    if (request.method === "initialize") {
      const result = {
        protocolVersion: "2025-11-25",
        capabilities: CAPABILITIES,
        serverInfo: { name: "raw", version: "1" },
      };
      answer(request, response, { ...result, resultType: "complete", ttlMs: 1 }, { "mcp-session-id": "one" });
    } else legacyScript(serve, { session: "one" })(request, response);
  },
};

let upstreams: Readonly<Record<Era, RawUpstream>>;
let gateway: TestGateway;
let sessions: Readonly<Record<Era | "all", RawSession>>;
const port = (): number => Number(new URL(gateway.url).port);

beforeAll(async () => {
  upstreams = { modern: await startRawUpstream(servers.modern), legacy: await startRawUpstream(servers.legacy) };
  gateway = await startTestGateway({
    auth: people.auth,
    upstreams: { modern: { url: upstreams.modern.url }, legacy: { url: upstreams.legacy.url } },
  });
  sessions = {
    modern: await initialize(port(), { path: "/mcp/modern", user }),
    legacy: await initialize(port(), { path: "/mcp/legacy", user }),
    all: await initialize(port(), { user }),
  };
});

afterAll(async () => {
  await gateway.close();
  for (const upstream of Object.values(upstreams)) await upstream.close();
});

async function ask(client: Era, endpoint: Era | "all", method: string, params: JsonObject = {}): Promise<JsonObject> {
  const path = endpoint === "all" ? "/mcp" : `/mcp/${endpoint}`;
  const { json } =
    client === "legacy"
      ? await sessions[endpoint].request(method, params)
      : await send(port(), { ...modern(method, params, { headers: { Authorization: authorization } }), path });
  return isObject(json["result"]) ? json["result"] : json;
}

function expectModern(result: JsonObject, schema: keyof typeof specTypeSchemas): void {
  const checked = specTypeSchemas[schema]["~standard"].validate(result);
  expect("issues" in checked ? checked.issues : undefined).toBeUndefined();
  expect(result["resultType"]).toBe("complete");
}

function expectLegacy(result: JsonObject): void {
  for (const name of ["resultType", "ttlMs", "cacheScope"]) expect(result).not.toHaveProperty(name);
}

describe.each(Object.keys(METHODS))("%s", (method) => {
  const [params, , schema] = METHODS[method] ?? [{}, "", "CallToolResult"];
  describe.each(ERAS)("of a %s server", (upstream) => {
    it.each(Object.entries(ODD))("that says %s is right for clients of both eras", async (what, members) => {
      said = members;
      const fresh = await ask("modern", upstream, method, params);
      expectModern(fresh, schema);
      const reads = method === "resources/read";
      if (reads) expect([fresh["ttlMs"], fresh["cacheScope"]]).toEqual([TTL[what] ?? 0, "private"]);
      const old = await ask("legacy", upstream, method, params);
      expectLegacy(old);
      const body = (result: JsonObject) => {
        const { resultType: _type, ttlMs: _ttl, cacheScope: _scope, _meta, ...rest } = result;
        return rest;
      };
      expect(body(old)).toEqual(body(fresh));
    });
  });

  it("of a modern server that names a type of result which nobody knows is no answer", async () => {
    said = '"resultType":"riddle"';
    for (const client of ERAS) {
      expect(JSON.stringify(await ask(client, "modern", method, params))).toContain("UPSTREAM_INVALID");
    }
    expectModern(await ask("modern", "legacy", method, params), schema);
  });
});

const GATEWAY = { name: "portcullis", version: expect.any(String) };
const RAW = { name: "raw", version: "1.0" };
const KEY = "io.modelcontextprotocol/";

/** What servers put into `_meta` of a result, and what a client of each era gets of it. `undefined`: no `_meta`. */
const METAS: Readonly<Record<string, readonly [said: string, modern: JsonObject, legacy: JsonObject | undefined]>> = {
  nothing: ["", { [`${KEY}serverInfo`]: GATEWAY }, undefined],
  "an empty one": ['"_meta":{}', { [`${KEY}serverInfo`]: GATEWAY }, {}],
  "who it is": [
    `"_meta":{"${KEY}serverInfo":{"name":"raw","version":"1.0"}}`,
    { [`${KEY}serverInfo`]: RAW },
    undefined,
  ],
  "who it is, with keys of its own": [
    `"_meta" : { "a/b" : 1.0, "${KEY}serverInfo" : {"name":"raw","version":"1.0"}, "${KEY}other":{} }`,
    { "a/b": 1, [`${KEY}serverInfo`]: RAW, [`${KEY}other`]: {} },
    { "a/b": 1, [`${KEY}other`]: {} },
  ],
  "who it is in a form that is none": [
    `"_meta":{"${KEY}serverInfo":"raw 1.0","x":null}`,
    { [`${KEY}serverInfo`]: GATEWAY, x: null },
    { x: null },
  ],
  "what belongs to other messages": [
    `"_meta":{"${KEY}subscriptionId":7,"${KEY}protocolVersion":"x","${KEY}related-task":{"taskId":"t"},"${KEY}clientInfo":{}}`,
    { [`${KEY}serverInfo`]: GATEWAY },
    undefined,
  ],
  "one that is no object": ['"_meta":[1]', { [`${KEY}serverInfo`]: GATEWAY }, undefined],
  "null for one": ['"_meta":null', { [`${KEY}serverInfo`]: GATEWAY }, undefined],
};

describe.each(Object.keys(METHODS))("`_meta` of %s", (method) => {
  const [params, , schema] = METHODS[method] ?? [{}, "", "CallToolResult"];
  describe.each(ERAS)("of a %s server", (upstream) => {
    it.each(Object.entries(METAS))(
      "that says %s is right for clients of both eras",
      async (_, [members, fresh, old]) => {
        said = members;
        const modernResult = await ask("modern", upstream, method, params);
        expectModern(modernResult, schema);
        expect(modernResult["_meta"]).toEqual(fresh);
        const legacyResult = await ask("legacy", upstream, method, params);
        expect(legacyResult["_meta"]).toEqual(old);
        const { _meta: _fresh, resultType: _type, ttlMs: _ttl, cacheScope: _scope, ...rest } = modernResult;
        const { _meta: _old, ...body } = legacyResult;
        expect(body).toEqual(rest);
      },
    );
  });
});

describe("a list", () => {
  it.each([
    // The shortest of all pages, and of all servers that say something; never longer than until it is read again.
    ["tools/list", "ListToolsResult", 20_000],
    ["prompts/list", "ListPromptsResult", 0],
    ["resources/list", "ListResourcesResult", 300_000],
    ["resources/templates/list", "ListResourceTemplatesResult", 0],
  ] as const)("%s says how long it may be kept, and by its caller alone", async (method, schema, ttlMs) => {
    for (const [endpoint, wanted] of [
      ["modern", ttlMs],
      ["all", ttlMs],
      ["legacy", 300_000],
    ] as const) {
      const result = await ask("modern", endpoint, method);
      expectModern(result, schema);
      expect([result["ttlMs"], result["cacheScope"]]).toEqual([wanted, "private"]);
      expect(result["_meta"]).toEqual({ [`${KEY}serverInfo`]: GATEWAY });
      const old = await ask("legacy", endpoint, method);
      expectLegacy(old);
      expect(old).not.toHaveProperty("_meta");
    }
  });
});

it("what the gateway says of itself is right in each era", async () => {
  const discovered = await ask("modern", "modern", "server/discover");
  expectModern(discovered, "DiscoverResult");
  expect(discovered).toMatchObject({ ttlMs: 60_000, cacheScope: "private" });
  for (const { result } of Object.values(sessions)) {
    expectLegacy(result);
    expect(result).toHaveProperty("protocolVersion");
  }
});
