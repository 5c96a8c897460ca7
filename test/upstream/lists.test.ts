import { expect, it } from "vitest";
import { isObject, type JsonObject } from "../../src/core/json.ts";
import { answer, answerRaw, modernScript, type RawHandler, startRawUpstream } from "../support/raw-upstream.ts";
import { httpUpstream, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();

async function connect(handler: RawHandler, timing = {}) {
  const server = closing(await startRawUpstream(modernScript(handler)));
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url, { timeoutMs: 500 })], { timing }));
  return { server, up: await upstreamIn(upstreams, "up") };
}

function cursorOf(body: JsonObject): number {
  const params = body["params"];
  return typeof params === "object" && params !== null && "cursor" in params ? Number(params["cursor"]) : 0;
}

it("reads all pages of a list, in order", async () => {
  const { up } = await connect((request, response) => {
    const page = cursorOf(request.body);
    const next = page < 4 ? { nextCursor: String(page + 1) } : {};
    answer(request, response, { resultType: "complete", tools: [{ name: `a${page}` }, { name: `b${page}` }], ...next });
  });
  const list = await up.list("tools");
  expect(list.ok && list.items.map((item) => isObject(item) && item["name"])).toEqual(
    [0, 1, 2, 3, 4].flatMap((page) => [`a${page}`, `b${page}`]),
  );
});

it("has no members in its items that read like others, for whoever reads it", async () => {
  const { up } = await connect((request, response) => {
    const tools = [{ name: "a", Name: "b", inputSchema: { type: "object", Type: "array" } }];
    answer(request, response, { resultType: "complete", tools });
  });
  const list = await up.list("tools");
  expect(list.ok && list.items).toEqual([{ name: "a", inputSchema: { type: "object" } }]);
});

it("stops at the limits of a list that is too long", async () => {
  const { up, server } = await connect(
    (request, response) => {
      const next = String(cursorOf(request.body) + 1);
      answer(request, response, { resultType: "complete", tools: [{ name: "a" }, { name: "b" }], nextCursor: next });
    },
    { maxListItems: 5 },
  );
  const list = await up.list("tools");
  expect(list.ok && list.items).toHaveLength(5);
  expect(server.requests.filter(({ method }) => method === "tools/list")).toHaveLength(3);
});

it.each([
  ["repeats a cursor", (page: number) => (page < 3 ? `c${page}` : "c1")],
  ["repeats its first cursor", () => "c"],
  ["ends with an empty cursor", (page: number) => (page < 3 ? `c${page}` : "")],
])("keeps the pages that were read when a list %s", async (_name, cursorAfter) => {
  let pages = 0;
  const { up } = await connect((request, response) => {
    pages += 1;
    answer(request, response, { tools: [{ name: `t${pages}` }], nextCursor: cursorAfter(pages) });
  });
  const list = await up.list("tools");
  expect(list.ok && list.items.length).toBe(pages);
  expect(pages).toBeGreaterThan(1);
});

const second: Readonly<Record<string, RawHandler>> = {
  "is an error": (_r, s) => answerRaw(s, '{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"m"}}'),
  "is a method that is not known": (r, s) =>
    answerRaw(s, `{"jsonrpc":"2.0","id":${r.body["id"]},"error":{"code":-32601,"message":"m"}}`),
  "is broken JSON": (r, s) => answerRaw(s, `{"jsonrpc":"2.0","id":${r.body["id"]},"result":{"tools":[}`),
  "holds no list": (r, s) => answer(r, s, { tools: null }),
  "is HTTP 500": (_r, s) => answerRaw(s, "oops", 500),
  "never comes": () => {},
  "has a cursor that is too long": (r, s) => answer(r, s, { tools: [], nextCursor: "c".repeat(9_000) }),
};

it.each(Object.entries(second))(
  "keeps the pages before one that %s, says so, and reads on later",
  async (_name, odd) => {
    const { up } = await connect((request, response) => {
      if (cursorOf(request.body) === 0) answer(request, response, { tools: [{ name: "good" }], nextCursor: "1" });
      else odd(request, response);
    });
    const list = await up.list("tools");
    expect(list).toMatchObject({ ok: true, items: [{ name: "good" }], missing: expect.any(String) });
    expect(up.status()).toMatchObject({
      state: "ready",
      lastError: `The rest of its tools could not be read. ${list.ok && list.missing}`,
      nextAttempt: expect.any(Number),
    });
  },
);

it.each([
  ["holds no list", (r, s) => answer(r, s, { tools: "none" }), "UPSTREAM_INVALID"],
  [
    "is an error",
    (_r, s) => answerRaw(s, '{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"m"}}'),
    "UPSTREAM_INVALID",
  ],
  ["never comes", () => {}, "UPSTREAM_TIMEOUT"],
] as ReadonlyArray<readonly [string, RawHandler, string]>)(
  "says why there is none when a list %s",
  async (_name, handler, code) => {
    const { up } = await connect(handler);
    expect(await up.list("tools")).toMatchObject({ ok: false, fault: { code, upstream: "up" } });
  },
);

it("is empty, without a question, where the server has no such capability", async () => {
  const { up, server } = await connect((request, response) => answer(request, response, {}));
  expect(await up.list("prompts")).toEqual({ ok: true, items: [] });
  expect(server.requests.some(({ method }) => method === "prompts/list")).toBe(false);
});
