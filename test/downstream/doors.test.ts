import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Served, serveMcp } from "../support/mcp-endpoint.ts";
import { initialize, modern, type RawRequest, send } from "../support/raw-mcp.ts";

let served: Served;

beforeEach(async () => {
  served = await serveMcp({ allowedOrigins: ["https://app.example/"] });
});

afterEach(() => served.stop());

const post = (options: RawRequest) => send(served.port, options);
const listTools = modern("tools/list");

function withHeaders(headers: RawRequest["headers"]): RawRequest {
  return { ...listTools, headers: { ...listTools.headers, ...headers } };
}

describe("Host and Origin", () => {
  it.each(["mcp.example.com", "MCP.example.com:443", "localhost:PORT", "127.0.0.1:PORT", "[::1]:PORT"])(
    "serves Host %s",
    async (host) => {
      const answer = await post(withHeaders({ Host: host.replace("PORT", String(served.port)) }));
      expect(answer.status).toBe(200);
    },
  );

  it.each(["evil.example.com", "evil.example.com:PORT", "localhost", "localhost:1", "127.0.0.1.evil.com:PORT"])(
    "refuses Host %s",
    async (host) => {
      const answer = await post(withHeaders({ Host: host.replace("PORT", String(served.port)) }));
      expect(answer.status).toBe(403);
      expect(answer.json).toMatchObject({ error: { code: -32600 } });
      expect(answer.json).not.toHaveProperty("id");
    },
  );

  it.each(["https://mcp.example.com", "http://localhost:PORT", "https://app.example"])(
    "serves Origin %s",
    async (origin) => {
      const own = origin.replace("PORT", String(served.port));
      const answer = await post(withHeaders({ Origin: own }));
      expect(answer.status).toBe(200);
      expect(answer.headers).toMatchObject({ "access-control-allow-origin": own, vary: "Origin" });
    },
  );

  it.each([
    "https://evil.example",
    "null",
    "http://mcp.example.com",
    "https://app.example.evil.com",
    "http://localhost",
  ])("refuses Origin %s, before it asks for a credential", async (origin) => {
    const answer = await post(withHeaders({ Origin: origin, Authorization: undefined }));
    expect(answer.status).toBe(403);
    expect(answer.headers).not.toHaveProperty("access-control-allow-origin");
  });

  it.each(["/mcp", "/mcp/one", "/.well-known/oauth-protected-resource/mcp"])(
    "answers a preflight for %s with the protocol's headers only",
    async (path) => {
      const answer = await post({
        method: "OPTIONS",
        path,
        headers: {
          Origin: "https://app.example",
          Authorization: undefined,
          "Access-Control-Request-Method": "POST",
          "Access-Control-Request-Headers": "authorization, mcp-method, Mcp-Param-Region, x-evil",
        },
      });
      expect(answer.status).toBe(204);
      expect(answer.headers["access-control-allow-headers"]).toBe("authorization, mcp-method, mcp-param-region");
      expect(answer.headers["access-control-expose-headers"]).toContain("Mcp-Session-Id");
    },
  );
});

describe("an endpoint with allowed_origins of its own", () => {
  const PAGE = "https://portal.example";
  const preflight = { "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization" };
  const opening = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "page", version: "1" } };
  const asked: Readonly<Record<string, (path: string) => RawRequest>> = {
    "a modern request": (path) => ({ ...listTools, path }),
    "a legacy initialize": (path) => ({
      path,
      body: { jsonrpc: "2.0", id: 1, method: "initialize", params: opening },
    }),
    "a preflight": (path) => ({ method: "OPTIONS", path, headers: { Authorization: undefined, ...preflight } }),
    "a preflight of its metadata": (path) => ({
      method: "OPTIONS",
      path: `/.well-known/oauth-protected-resource${path}`,
      headers: { Authorization: undefined, ...preflight },
    }),
    "its metadata": (path) => ({
      method: "GET",
      path: `/.well-known/oauth-protected-resource${path}`,
      headers: { Authorization: undefined },
    }),
  };
  const ask = (what: string, path: string, origin: string) => {
    const request = asked[what]?.(path) ?? {};
    return post({ ...request, headers: { ...request.headers, Origin: origin } });
  };

  it.each(
    Object.keys(asked).flatMap((what): [string, string, string, boolean][] => [
      [what, "/mcp/one", PAGE, true],
      [what, "/mcp/one/", PAGE, true],
      [what, "/mcp/one", "https://mcp.example.com", true],
      [what, "/mcp/one", "https://app.example", false],
      [what, "/mcp/two", "https://app.example", true],
      [what, "/mcp/two", PAGE, false],
      [what, "/mcp", "https://app.example", true],
      [what, "/mcp", PAGE, false],
    ]),
  )("answers %s at %s from %s: %s", async (what, path, origin, may) => {
    served.gateway.origins.set("one", new Set([PAGE]));
    const { status, headers } = await ask(what, path, origin);
    expect([status < 300, headers["access-control-allow-origin"]]).toEqual(may ? [true, origin] : [false, undefined]);
    if (!may) expect(status).toBe(403);
  });

  it("takes a changed list with the next request", async () => {
    served.gateway.origins.set("one", new Set([PAGE]));
    expect((await ask("a modern request", "/mcp/one", PAGE)).status).toBe(200);
    served.gateway.origins.set("one", new Set());
    expect((await ask("a modern request", "/mcp/one", PAGE)).status).toBe(403);
    served.gateway.origins.clear();
    expect((await ask("a modern request", "/mcp/one", "https://app.example")).status).toBe(200);
  });
});

describe("credentials", () => {
  it.each(["POST", "GET", "DELETE"])("challenges a %s without one", async (method) => {
    const answer = await post({ ...withHeaders({ Authorization: undefined }), method });
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toBe('Bearer resource_metadata="http://x/mcp"');
  });

  it.each([
    ["/.well-known/oauth-protected-resource", "http://x/mcp"],
    ["/.well-known/oauth-protected-resource/mcp", "http://x/mcp"],
    ["/.well-known/oauth-protected-resource/mcp/", "http://x/mcp"],
    ["/.well-known/oauth-protected-resource/mcp/one", "http://x/mcp/one"],
    ["/.well-known/oauth-protected-resource/mcp/one/", "http://x/mcp/one"],
  ])("serves the metadata at %s to anybody", async (path, resource) => {
    const answer = await post({ method: "GET", path, headers: { Authorization: undefined } });
    expect(answer.json).toEqual({ resource });
  });

  it.each([
    ["/mcp", "/mcp/"],
    ["/mcp/one", "/mcp/one/"],
  ])("answers at %s as at %s", async (path, slashed) => {
    const [plain, ended] = [await post({ ...listTools, path }), await post({ ...listTools, path: slashed })];
    expect(plain.status).toBe(200);
    expect([ended.status, ended.json]).toEqual([plain.status, plain.json]);
  });

  it("knows no endpoint that the gateway does not know", async () => {
    const answer = await post({ ...listTools, path: "/mcp/three" });
    expect(answer.status).toBe(404);
    expect(served.gateway.calls).toEqual([]);
  });
});

describe("the shape of a body", () => {
  const call = (args: string) =>
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":${args},"_meta":${JSON.stringify(
      (listTools.body as { params: { _meta: object } }).params._meta,
    )}}}`;
  const headers = { ...modern("tools/call", { name: "echo" }).headers };

  it.each([
    ["a __proto__ key", call('{"a":{"__proto__":{"admin":true}}}'), 400, -32600, "$.params.arguments.a.__proto__"],
    ["an unsafe integer", call('{"n":[1,9007199254740993]}'), 400, -32600, "$.params.arguments.n[1]"],
    ["a number that overflows", call('{"n":1e400}'), 400, -32600, "$.params.arguments.n"],
    ["65 levels", `${"[".repeat(65)}${"]".repeat(65)}`, 400, -32600, "nested too deeply"],
    ["broken JSON", '{"jsonrpc":', 400, -32700, "not valid JSON"],
    ["no message", '{"hello":1}', 400, -32600, "not a JSON-RPC"],
    ["an id that is null", '{"jsonrpc":"2.0","id":null,"method":"ping"}', 400, -32600, "not a JSON-RPC"],
    ["a batch without a session", "[]", 400, -32600, "1 to 64"],
  ])("refuses %s", async (_, body, status, code, text) => {
    const answer = await post({ body, headers });
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ error: { code } });
    expect(answer.text).toContain(text);
    // Whatever can be read of it is used to answer it.
    expect(answer.json["id"]).toBe(body.includes('"id":1,') ? 1 : undefined);
    expect(served.gateway.calls).toEqual([]);
  });

  it("counts the last of two equal keys, for everybody", async () => {
    const answer = await post({ body: call('{"amount":1,"amount":2}'), headers });
    expect(served.gateway.calls[0]?.params["arguments"]).toEqual({ amount: 2 });
    expect(answer.text).toContain('{\\"amount\\":2}');
  });

  it.each([10, 200_000])("ignores the mark that some programs begin UTF-8 with, before %i bytes", async (length) => {
    const text = `${JSON.stringify(listTools.body)}${" ".repeat(length)}`;
    const answer = await post({ ...listTools, body: Buffer.from(`\ufeff${text}`) });
    expect(answer.json).toMatchObject({ id: 1, result: { tools: expect.any(Array) } });
  });

  it("refuses bytes that are not UTF-8", async () => {
    const answer = await post({ body: Buffer.from(call('{"a":"\xff"}'), "latin1"), headers });
    expect(answer.status).toBe(400);
  });

  it("refuses 5 MB by their announced length, and goes on serving", async () => {
    const answer = await post({ body: Buffer.alloc(5 * 1024 * 1024, 0x20), headers });
    expect(answer.status).toBe(413);
    expect(answer.text).toContain("4194304 bytes");
    expect((await post(listTools)).status).toBe(200);
  });

  it("refuses 5 MB that come in chunks without a length", async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request(
        {
          port: served.port,
          path: "/mcp",
          method: "POST",
          headers: { Authorization: "Bearer alice", "Content-Type": "application/json" },
        },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        },
      );
      sent.on("error", reject);
      for (let i = 0; i < 5; i++) sent.write(Buffer.alloc(1024 * 1024, 0x20));
      sent.end();
    });
    expect(status).toBe(413);
  });

  it.each([
    ["text/plain", "*/*", 415],
    ["application/json; charset=utf-8", "*/*", 200],
    ["application/json", "text/html", 406],
    ["application/json", "application/json;q=0", 406],
    ["application/json", "application/json", 200],
    ["application/json", "text/*, application/*", 200],
  ])("answers Content-Type %s and Accept %s with %i", async (type, accept, status) => {
    const answer = await post(withHeaders({ "Content-Type": type, Accept: accept }));
    expect(answer.status).toBe(status);
  });

  it("answers in an event stream to a client that takes nothing else", async () => {
    const answer = await post(withHeaders({ Accept: "text/event-stream" }));
    expect(answer.headers).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    expect(answer.json).toHaveProperty("result.tools");
  });

  it.each(["PUT", "PATCH", "HEAD"])("does not serve %s", async (method) => {
    expect((await post({ method })).status).toBe(405);
  });
});

describe("an empty MCP-Protocol-Version", () => {
  const empty = { "MCP-Protocol-Version": "" };

  it("is none to a client that keeps a session, on every verb", async () => {
    const init = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "c", version: "1" } };
    const opened = await post({
      body: { jsonrpc: "2.0", id: 1, method: "initialize", params: init },
      headers: empty,
    });
    expect(opened.json).toMatchObject({ result: { protocolVersion: "2025-06-18" } });
    const headers = { ...empty, "Mcp-Session-Id": String(opened.headers["mcp-session-id"]) };
    const listed = await post({ body: { jsonrpc: "2.0", id: 2, method: "tools/list" }, headers });
    expect(listed.json).toMatchObject({ result: { tools: expect.any(Array) } });
    expect((await post({ method: "DELETE", headers })).status).toBe(204);
  });

  it("is missing to one of 2026-07-28", async () => {
    const answer = await post(withHeaders(empty));
    expect(answer.json).toMatchObject({ error: { code: -32020, message: expect.stringContaining("is missing") } });
  });
});

describe("batches", () => {
  const two = [
    { jsonrpc: "2.0", id: 1, method: "ping" },
    { jsonrpc: "2.0", method: "notifications/initialized" },
    { jsonrpc: "2.0", id: "b", method: "tools/call", params: { name: "echo" } },
  ];

  it("are answered under 2025-03-26", async () => {
    const session = await initialize(served.port, { version: "2025-03-26" });
    const answer = await session.post(two);
    expect(answer.json["list"]).toMatchObject([
      { id: 1, result: {} },
      { id: "b", result: { content: [{ text: "{}" }] } },
    ]);
  });

  it("are streamed under 2025-03-26 when one of them streams", async () => {
    const session = await initialize(served.port, { version: "2025-03-26" });
    const answer = await session.post([
      { jsonrpc: "2.0", id: 1, method: "ping" },
      { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "steps", _meta: { progressToken: "t" } } },
    ]);
    const messages = answer.events.map((event) => JSON.parse(event.data));
    expect(messages.filter((message) => message.method === "notifications/progress")).toHaveLength(3);
    expect(
      messages
        .filter((message) => "result" in message)
        .map((message) => message.id)
        .sort(),
    ).toEqual([1, 2]);
  });

  it.each(["2024-11-05", "2025-06-18", "2025-11-25"])("are refused under %s", async (version) => {
    const session = await initialize(served.port, { version });
    const answer = await session.post(two);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain("2025-03-26");
    expect(served.gateway.calls).toEqual([]);
  });
});
