import { describe, expect, it } from "vitest";
import { USER_AGENT } from "../../src/core/version.ts";
import {
  answer,
  answerRaw,
  legacyScript,
  modernScript,
  type RawHandler,
  type RawRequest,
  startRawUpstream,
} from "../support/raw-upstream.ts";
import { httpUpstream, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();
const SCRIPTS = [
  ["legacy", legacyScript],
  ["modern", modernScript],
] as const;
const result: RawHandler = (request, response) =>
  answer(request, response, { content: [], resultType: "complete", n: 1 });

/** What was asked, method and body, of each path. */
const asked = (requests: readonly RawRequest[], path: string) =>
  requests.filter((request) => request.path === path).map(({ verb, text }) => `${verb} ${text}`);

describe.each(SCRIPTS)("a %s upstream that redirects", (_era, script) => {
  it.each([
    [307, "/mcp/"],
    [308, "/mcp/?a=b"],
  ])("with %i to another path of its origin is reached there, with the same method and body", async (status, path) => {
    const serve = script(result, { session: "s" });
    const server = closing(
      await startRawUpstream((request, response) => {
        if (request.path === "/mcp") answerRaw(response, "moved", status, { location: path });
        else serve(request, response);
      }),
    );
    const upstreams = closing(startUpstreams([httpUpstream("up", server.url)]));
    const up = await upstreamIn(upstreams, "up");
    const round = await up.session(testPeer("p")).request(toolCall("t"));
    expect(round.kind === "result" && round.result.value()).toMatchObject({ n: 1 });
    expect(up.status().lastError).toBeUndefined();
    expect(asked(server.requests, path).length).toBeGreaterThan(0);
    for (const text of asked(server.requests, path)) expect(asked(server.requests, "/mcp")).toContain(text);
  });

  it.each([
    ["once more", 307, "/third", /HTTP 307: .*: http:\/\/127\.0\.0\.1:\d+\/third\.$/],
    ["to another port", 308, "http://127.0.0.1:1/mcp?t=secret", /HTTP 308: .*: http:\/\/127\.0\.0\.1:1\/mcp\.$/],
    ["to another host", 307, "//elsewhere.test/a", /HTTP 307: .*: http:\/\/elsewhere\.test\/a\.$/],
    ["to another scheme", 307, "https://127.0.0.1/mcp", /HTTP 307: .*: https:\/\/127\.0\.0\.1\/mcp\.$/],
    ["to no HTTP", 307, "file:///etc/passwd", /HTTP 307: .* redirects to\.$/],
    ["to nowhere", 307, "http://", /HTTP 307: .* redirects to\.$/],
    ["so that the method may change", 302, "/third", /HTTP 302: .*: http:\/\/127\.0\.0\.1:\d+\/third\.$/],
  ])("%s is not followed, and says where it redirects to", async (_how, status, location, reason) => {
    const server = closing(
      await startRawUpstream((request, response) => {
        if (request.path === "/mcp" && location === "/third") {
          answerRaw(response, "", status, { location: status === 307 ? "/second" : "/third" });
        } else answerRaw(response, "", status, { location });
      }),
    );
    const upstreams = closing(startUpstreams([httpUpstream("up", server.url)], { timing: { backoffMs: 1e8 } }));
    const up = upstreams.get("up");
    expect(await up?.list("tools")).toMatchObject({ ok: false });
    expect(up?.status().lastError).toMatch(reason);
    expect(asked(server.requests, "/third")).toEqual([]);
  });
});

it("a redirect with an endless body is given up", async () => {
  const server = closing(
    await startRawUpstream((_request, response) => {
      response.writeHead(307, { location: "/mcp/" });
      response.write("x".repeat(100_000));
    }),
  );
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url)], { timing: { backoffMs: 1e8 } }));
  expect(await upstreams.get("up")?.list("tools")).toMatchObject({ ok: false });
  expect(asked(server.requests, "/mcp/")).toEqual([]);
  expect(upstreams.get("up")?.status().lastError).toContain("64 KB");
});

describe("who asks", () => {
  it.each([
    ["is said", {}, USER_AGENT],
    ["is what is configured", { "User-Agent": "us/1" }, "us/1"],
  ])("%s in every request", async (_what, headers, agent) => {
    const server = closing(await startRawUpstream(legacyScript(result, { session: "s" })));
    const transport = { kind: "http", url: server.url, headers } as const;
    const upstreams = closing(startUpstreams([httpUpstream("up", server.url, { transport })]));
    await (await upstreamIn(upstreams, "up")).session(testPeer("p")).request(toolCall("t"));
    await upstreams.close();
    expect(new Set(server.requests.map((request) => request.headers["user-agent"]))).toEqual(new Set([agent]));
    expect(new Set(server.requests.map(({ verb }) => verb))).toEqual(new Set(["POST", "GET", "DELETE"]));
  });

  it.each([
    ["nothing", {}, /^HTTP 403: it refused the gateway, for which no credential is configured\./],
    ["no credential", { "user-agent": "us/1" }, /^HTTP 403: it refused the gateway, for which/],
    ["a credential", { authorization: "Bearer secret" }, /^HTTP 403: it refused the gateway's credential\./],
  ])("is refused with the reason that is true where %s is configured", async (_what, headers, reason) => {
    const server = closing(await startRawUpstream((_request, response) => answerRaw(response, "", 403)));
    const transport = { kind: "http", url: server.url, headers } as const;
    const upstreams = closing(startUpstreams([httpUpstream("up", server.url, { transport })]));
    expect((await upstreamIn(upstreams, "up", "down")).status().lastError).toMatch(reason);
  });
});
