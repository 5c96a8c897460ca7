import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createEventStreams } from "../../src/admin/events/streams.ts";
import { refuse } from "../../src/core/errors.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { OperatorEvent } from "../../src/operations/events/events.ts";
import type { Operator } from "../../src/operations/operator.ts";
import { type ApiGateway, type Caller, get, post, startApiGateway } from "../support/api-gateway.ts";
import { people, principalOf } from "../support/approval-people.ts";
import { postForm } from "../support/console.ts";
import { startIssuer } from "../support/issuer.ts";
import { open, type RawStream, send } from "../support/raw-mcp.ts";

const EVENTS = get("/events");

let api: ApiGateway;
const streams: RawStream[] = [];

beforeAll(async () => {
  api = await startApiGateway({}, {}, { timing: { eventBeatMs: 20 } });
});
afterAll(() => api.close());
afterEach(async () => {
  for (const stream of streams.splice(0)) {
    stream.abort();
    await stream.ended;
  }
  await api.forget();
});

async function listen(headers: Readonly<Record<string, string | undefined>>, port = api.port): Promise<RawStream> {
  const stream = await open(port, { ...EVENTS, headers: { Authorization: undefined, ...headers } });
  expect([stream.status, stream.headers["content-type"]]).toEqual([200, "text/event-stream"]);
  await stream.contains("retry:");
  streams.push(stream);
  return stream;
}

function listenAs(who: Caller): Promise<RawStream> {
  return listen({ Authorization: api.authorization(who) });
}

/** What a stream told until it told of this request. */
async function toldUntil(stream: RawStream, id: string): Promise<readonly JsonObject[]> {
  await stream.event((message) => message["id"] === id);
  return stream.events.filter(({ data }) => data !== "").map(({ data }) => JSON.parse(data));
}

describe("the events of a gateway", () => {
  it("tell of a request those who may see it, and nobody else", async () => {
    const [ann, fin, root, eve] = await Promise.all((["ann", "fin", "root", "eve"] as const).map(listenAs));
    if (ann === undefined || fin === undefined || root === undefined || eve === undefined) throw new Error("no stream");
    const hers = await api.ask({ by: "ann" });
    const told = { kind: "approval", id: hers.id, state: "pending", version: 1, upstream: "expenses" };
    for (const stream of [ann, fin, root]) {
      const { event, message } = await stream.event((it) => it["id"] === hers.id);
      expect([event.event, message]).toMatchObject(["approval", told]);
    }
    const own = await api.ask({ by: "eve" });
    expect((await toldUntil(eve, own.id)).map(({ id }) => id)).toEqual([own.id]);
  });

  it("tell of upstreams and policies administrators alone", async () => {
    const [ann, root] = [await listenAs("ann"), await listenAs("root")];
    const added = await api.as("root", post("/upstreams", { name: "added", url: api.upstreamUrl }));
    expect(added.status).toBe(201);
    await root.event((it) => it["kind"] === "upstream" && it["upstream"] === "added" && it["state"] === "ready");
    api.gateway.writePolicy("broken.yaml", "policies: [{ id: x }]\n");
    const { message } = await root.event((it) => it["kind"] === "policies");
    expect(message).toMatchObject({ refused: true });
    const own = await api.ask({ by: "ann" });
    expect((await toldUntil(ann, own.id)).map(({ id }) => id)).toEqual([own.id]);
  });

  it("say that they are there while nothing happens", async () => {
    await (await listenAs("eve")).contains(": still here");
  });

  it("end with the session that they were opened with", async () => {
    const { gateway } = api;
    const signedIn = await postForm(gateway, "/console/sign-in", { key: people.key("ann") });
    const cookie = signedIn.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
    const stream = await listen({ Cookie: cookie });
    const { consoleSessions } = gateway.running.wired.store;
    await stream.contains(": still here");
    await consoleSessions.purge(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    await stream.ended;
  });

  it("end with the access token that they were opened with", async () => {
    const issuer = await startIssuer();
    let now = Date.now();
    const { issuer: iss } = issuer;
    const audience = "https://mcp.example/mcp";
    const config = { auth: { jwt: [{ issuer: iss, audience }] } };
    const other = await startApiGateway(config, {}, { now: () => now, timing: { eventBeatMs: 20 } });
    const exp = Math.floor(now / 1_000) + 600;
    const token = await issuer.mint({ aud: audience, sub: "ann", iat: exp - 600, exp });
    const stream = await listen({ Authorization: `Bearer ${token}` }, other.port);
    await stream.contains(": still here");
    now += 3_600_000;
    await stream.ended;
    await other.close();
    await issuer.close();
  });

  it("do not keep alive a session that is used for nothing else", async () => {
    let now = Date.now();
    const other = await startApiGateway({}, {}, { now: () => now });
    const answer = await postForm(other.gateway, "/console/sign-in", { key: people.key("ann") });
    const cookie = answer.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
    const look = (path: string) =>
      send(other.port, { ...get(path), headers: { Authorization: undefined, Cookie: cookie } });
    const minutes = (count: number): void => {
      now += count * 60_000;
    };
    minutes(20);
    expect((await look("/approvals")).status).toBe(200);
    minutes(20);
    (await listen({ Cookie: cookie }, other.port)).abort();
    minutes(20);
    expect((await look("/approvals")).status).toBe(401);
    await other.close();
  });

  it("end when the gateway stops, and begin again when it is back", async () => {
    const other = await startApiGateway();
    const headers = { Authorization: other.authorization("ann") };
    const stream = await listen(headers, other.port);
    await other.gateway.restart();
    await stream.ended;
    await listen(headers, other.port);
    await other.close();
  });

  it("are not opened by a HEAD, which would never end them", async () => {
    for (let count = 0; count < 25; count += 1) {
      const answer = await send(api.port, { ...EVENTS, method: "HEAD", headers: people.bearer("lea") });
      expect([answer.status, answer.headers["content-type"]]).toEqual([200, "text/event-stream"]);
    }
    await listen({ Authorization: people.bearer("lea").authorization });
  });

  it("are open to one person only so many times", async () => {
    for (let count = 0; count < 20; count += 1) await listenAs("eve");
    const refused = await send(api.port, { ...EVENTS, headers: people.bearer("eve") });
    expect([refused.status, refused.json["code"]]).toEqual([503, "TOO_MANY_OPEN"]);
    streams[0]?.abort();
    await streams[0]?.ended;
    await listenAs("ann");
  });
});

describe("a credential that does not hold any more", () => {
  it("ends its stream with the first event after that, and hears of none", async () => {
    const operator: Operator = { principal: principalOf("root"), admin: true, lacks: undefined };
    let tell: (event: OperatorEvent) => void = () => {};
    let holds = true;
    const opened = createEventStreams({
      events: {
        subscribe(_operator, listener) {
          tell = listener;
          return () => {};
        },
        close() {},
      },
      admit: async () =>
        holds ? { ok: true, operator, ip: "127.0.0.1", insufficient: undefined } : refuse("CREDENTIAL_MISSING"),
      beatMs: 60_000,
    }).open(operator, Object.create(null));
    if (!(opened instanceof Response)) throw new Error(opened.code);
    const happened = async (digest: string): Promise<void> => {
      tell({ kind: "policies", digest, refused: false });
      await new Promise(setImmediate);
    };
    await happened("before");
    holds = false;
    await happened("after");
    const text = await opened.text();
    expect(text).toContain("before");
    expect(text).not.toContain("after");
  });

  it("is told nothing that happened during the look which it passed", async () => {
    const operator: Operator = { principal: principalOf("root"), admin: true, lacks: undefined };
    let tell: (event: OperatorEvent) => void = () => {};
    const looks: Array<(holds: boolean) => void> = [];
    const opened = createEventStreams({
      events: {
        subscribe(_operator, listener) {
          tell = listener;
          return () => {};
        },
        close() {},
      },
      admit: async () =>
        (await new Promise<boolean>((resolve) => looks.push(resolve)))
          ? { ok: true, operator, ip: "127.0.0.1", insufficient: undefined }
          : refuse("CREDENTIAL_MISSING"),
      beatMs: 60_000,
    }).open(operator, Object.create(null));
    if (!(opened instanceof Response)) throw new Error(opened.code);
    for (const digest of ["before", "during"]) tell({ kind: "policies", digest, refused: false });
    looks[0]?.(true);
    await new Promise(setImmediate);
    looks[1]?.(false);
    const text = await opened.text();
    expect(text).toContain("before");
    expect(text).not.toContain("during");
  });
});

describe("a reader that does not keep up", () => {
  it("is dropped, and still gets what was kept for it", async () => {
    const operator: Operator = { principal: principalOf("root"), admin: true, lacks: undefined };
    let tell: (event: OperatorEvent) => void = () => {};
    let subscribed = 0;
    const opened = createEventStreams({
      events: {
        subscribe(_operator, listener) {
          subscribed += 1;
          tell = listener;
          return () => {
            subscribed -= 1;
          };
        },
        close() {},
      },
      admit: async () => ({ ok: true, operator, ip: "127.0.0.1", insufficient: undefined }),
      beatMs: 60_000,
    }).open(operator, Object.create(null));
    if (!(opened instanceof Response)) throw new Error(opened.code);
    let told = 0;
    while (subscribed > 0 && told < 10_000) {
      tell({ kind: "policies", digest: "d".repeat(64), refused: false });
      told += 1;
      await new Promise(setImmediate);
    }
    expect(subscribed).toBe(0);
    const text = await opened.text();
    expect(text.length).toBeLessThan(80 * 1024);
    expect(text.match(/event: policies/g)?.length).toBeGreaterThan(100);
  });
});
