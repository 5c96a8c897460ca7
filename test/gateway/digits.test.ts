import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isObject } from "../../src/core/json.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { numbersIn, ODD_NUMBERS } from "../support/json-texts.ts";
import { initialize, modern, type RawAnswer, send } from "../support/raw-mcp.ts";
import {
  answerRaw,
  legacyScript,
  modernScript,
  type RawHandler,
  type RawUpstream,
  startRawUpstream,
} from "../support/raw-upstream.ts";
import { createUsers } from "../support/users.ts";

const people = createUsers({ ann: ["employee"], fin: ["finance-lead"] });

/** A client may send these: no reader takes them for another number. */
const SENDABLE = ["1e21", "1E5", "1.0", "0.10", "-0", "0.1000000000000000055", "0.0000001"];
const TOOLS = ["look", "fail", "hide", "pay"];
const GIVEN = `{"list": [ ${SENDABLE.join(" ,")} ], "of":1}`;
const ODD = `[${ODD_NUMBERS.join(", ")}]`;
/** Those that every client can read. */
const LISTED = ODD_NUMBERS.filter((number) => Number.isFinite(Number(number)));
const SCHEMA = `{"type":"object","properties":{"of":{"enum":${ODD},"default": 9007199254740993}}}`;

/** Where servers put what, and how they space it. */
const LAYOUTS: Readonly<Record<string, (id: string, what: string, value: string) => string>> = {
  "id, jsonrpc, result": (id, what, value) => `{"id":${id},"jsonrpc":"2.0","${what}":${value}}`,
  "jsonrpc, id, result": (id, what, value) => `{"jsonrpc":"2.0","id":${id},"${what}":${value}}`,
  "result, jsonrpc, id": (id, what, value) => `{"${what}":${value},"jsonrpc":"2.0","id":${id}}`,
  "result, id, jsonrpc": (id, what, value) => `{"${what}":${value},"id":${id},"jsonrpc":"2.0"}`,
  "blanks after colons": (id, what, value) => `{"jsonrpc": "2.0", "id": ${id}, "${what}": ${value}}`,
  "many lines": (id, what, value) =>
    `\n{\n  "${what}" : ${value.replace("{", "{\n ")},\n "jsonrpc":"2.0"\n,"id":${id} }\n`,
};

let layout: (typeof LAYOUTS)[string] = (id, what, value) => `{"jsonrpc":"2.0","id":${id},"${what}":${value}}`;

const serve: RawHandler = (request, response) => {
  const id = JSON.stringify(request.body["id"]);
  const params = isObject(request.body["params"]) ? request.body["params"] : {};
  const say = (what: "result" | "error", value: string): void =>
    answerRaw(response, layout(id, what, value.replace("{", '{"resultType":"complete",')));
  if (request.method === "tools/list") {
    const tools = TOOLS.map((name) => `{"name":"${name}","inputSchema":${SCHEMA}}`);
    say("result", `{"tools":[${tools.join(",")}],"ttlMs":0,"cacheScope":"private"}`);
  } else if (params["name"] === "fail") {
    answerRaw(response, layout(id, "error", `{"code":-32000,"message":"no","data":${ODD}}`));
  } else {
    const text = JSON.stringify(`{"iban":"DE89370400440532013000", "n": ${ODD}}`);
    say("result", `{"structuredContent":{"n":${ODD}},"content":[{"type":"text","text":${text}}]}`);
  }
};

let upstreams: { readonly modern: RawUpstream; readonly legacy: RawUpstream };
let gateway: TestGateway;
const port = (): number => Number(new URL(gateway.url).port);
const key = (name: "ann" | "fin"): string => people.bearer(name).authorization.slice("Bearer ".length);

beforeAll(async () => {
  upstreams = {
    modern: await startRawUpstream(modernScript(serve)),
    legacy: await startRawUpstream(legacyScript(serve, { session: "one" })),
  };
  gateway = await startTestGateway(
    {
      auth: people.auth,
      audit: { arguments: "full" },
      upstreams: { modern: { url: upstreams.modern.url }, legacy: { url: upstreams.legacy.url } },
      approval_flows: { single: { stages: [{ approvers: { roles: ["finance-lead"] } }] } },
    },
    {
      "digits.yaml": `policies:
  - id: hide
    target: { tools: [modern/hide, legacy/hide] }
    then: { redact: { detect: [iban] } }
  - id: ask
    target: { tools: [modern/pay, legacy/pay] }
    then: { request_approval: { flow: single, message: Pay. } }
`,
    },
  );
});

afterAll(async () => {
  await gateway?.close();
  await upstreams?.modern.close();
  await upstreams?.legacy.close();
});

type Era = "modern" | "legacy";
const ERAS: readonly Era[] = ["modern", "legacy"];

/** One call by a client of an era, with these arguments as text. */
async function call(client: Era, tool: string, args: string): Promise<RawAnswer> {
  const holder = { name: tool, arguments: "ARGS" };
  const put = (body: unknown): Buffer => Buffer.from(JSON.stringify(body).replace('"ARGS"', args));
  if (client === "modern") {
    const request = modern("tools/call", holder);
    return send(port(), {
      ...request,
      headers: { ...request.headers, Authorization: `Bearer ${key("ann")}` },
      body: put(request.body),
    });
  }
  const session = await initialize(port(), { user: key("ann") });
  const body = put({ jsonrpc: "2.0", id: 7, method: "tools/call", params: holder });
  return send(port(), { headers: session.headers, body });
}

const rounds = ERAS.flatMap((client) =>
  ERAS.flatMap((server) => Object.keys(LAYOUTS).map((name) => ({ client, server, name }))),
);

describe.each(rounds)("between a $client client and a $server server that writes $name", ({ client, server, name }) => {
  const inside = (text: string): readonly string[] => numbersIn(text.slice(text.indexOf("[")));

  it("every digit of a result, an error and the arguments is passed on", async () => {
    layout = LAYOUTS[name] ?? layout;
    const looked = await call(client, `${server}__look`, GIVEN);
    expect(looked.text).toContain("structuredContent");
    expect(inside(looked.text).slice(0, ODD_NUMBERS.length)).toEqual(ODD_NUMBERS);
    const failed = await call(client, `${server}__fail`, GIVEN);
    expect(inside(failed.text).slice(0, ODD_NUMBERS.length)).toEqual(ODD_NUMBERS);
    const asked = upstreams[server].requests.findLast(({ method }) => method === "tools/call");
    expect(asked && numbersIn(asked.text.slice(asked.text.indexOf('"list"')))).toEqual(
      expect.arrayContaining([...SENDABLE, "1"]),
    );
  });
});

describe.each(ERAS)("of a %s server", (server) => {
  it("lists keep the digits of schemas, of numbers that a double holds", async () => {
    const request = modern("tools/list");
    const listed = await send(port(), {
      ...request,
      headers: { ...request.headers, Authorization: `Bearer ${key("ann")}` },
    });
    const session = await initialize(port(), { user: key("ann") });
    for (const { text } of [listed, await session.request("tools/list")]) {
      const found = numbersIn(text)
        .join()
        .split([...LISTED, "9007199254740993"].join());
      expect(found).toHaveLength(1 + 2 * TOOLS.length);
    }
  });

  it("a result keeps its digits around what is taken out", async () => {
    for (const client of ERAS) {
      const { text } = await call(client, `${server}__hide`, GIVEN);
      expect(text).not.toContain("DE89370400440532013000");
      expect(numbersIn(text.slice(text.indexOf('"n":'))).slice(0, ODD_NUMBERS.length)).toEqual(ODD_NUMBERS);
      const inText = /"text":("(?:[^"\\]|\\.)*")/.exec(text)?.[1] ?? '""';
      expect(numbersIn(String(JSON.parse(inText)))).toEqual(ODD_NUMBERS);
    }
  });

  it("a call that waits for approval is shown, recorded, kept and made with them", async () => {
    const running = call("modern", `${server}__pay`, GIVEN);
    const headers = { Authorization: `Bearer ${key("fin")}` };
    const shown = await eventually(async () => {
      const page = await send(port(), { method: "GET", path: "/api/v1/approvals?state=pending", headers });
      return page.text.includes(`"${server}"`) ? page : undefined;
    });
    expect(numbersIn(shown.text)).toEqual(expect.arrayContaining([...SENDABLE]));
    const [item] = Array.isArray(shown.json["items"]) ? shown.json["items"] : [];
    if (!isObject(item)) throw new Error(shown.text);
    const { id, version, arguments_digest } = item;
    const body = { decision: "approve", version: version ?? 0, arguments_digest: arguments_digest ?? "" };
    const decided = await send(port(), { path: `/api/v1/approvals/${id}/decision`, headers, body });
    expect(decided.text).toContain("approved");
    expect((await running).text).toContain("structuredContent");
    const sent = upstreams[server].requests.findLast(
      ({ text }) => text.includes('"pay"') && text.includes("tools/call"),
    );
    expect(sent && numbersIn(sent.text)).toEqual(expect.arrayContaining([...SENDABLE]));
  });
});

it("what reads like another number is refused, wherever it stands", async () => {
  for (const number of ["9007199254740993", "-12345678901234567890", "1e400"]) {
    const { text } = await call("modern", "modern__look", `{"n":[${number}]}`);
    expect(text).toContain("a number beyond");
  }
});
