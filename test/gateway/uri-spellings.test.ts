import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { APPROVALS_CONFIG, people } from "../support/approval-people.ts";
import {
  connectDecided,
  type DecidedClient,
  type DecidedServer,
  startDecidedServer,
} from "../support/decided-world.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

/** What nobody lists, and a server could take for `file:///hr/x`. */
const SPELLINGS = [
  "file:///hr/x",
  "file:///hr/./x",
  "file:///./hr/x",
  "file:///public/../hr/x",
  "file:///public/%2e%2e/hr/x",
  "file:///public/%2E./hr/x",
  "file:///public/%252e%252e/hr/x",
  "file:///public/..%2fhr/x",
  "file:///public/..%5chr/x",
  "file:///public/..%252Fhr/x",
  "file:///public\\..\\hr\\x",
  "file:///\\hr/x",
  "file:///%68r/x",
  "file:///h%72/x",
  "file:///h%2572/x",
  "file:///h%25252572/x",
  "file:///hr%2Fx",
  "file:///hr%2fx",
  "file:///hr%252Fx",
  "file:///hr%5Cx",
  "file:///%2Fhr/x",
  "file:////hr/x",
  "file:///hr//x",
  "file:/hr/x",
  "file:hr/x",
  "file://localhost/hr/x",
  "file://LOCALHOST/hr/x",
  "FILE:///hr/x",
  "File:///HR/X",
  "file:///HR/x",
  "file:///h\u200Br/x",
  "file:///h\u0000r/x",
  "file:///h%00r/x",
  "file:///h\tr/x",
  "file:///h\nr/x",
  " file:///hr/x",
  "file:///hr/x ",
  "file:///\uFF48\uFF52/x",
  "file:///%EF%BD%88%EF%BD%92/x",
  "file:///hr;v=1/../hr/x",
  "file:///hr/x?y",
  "file:///hr/x#y",
  "file:///hr/%",
  "https://intra.example.com/hr/x",
  "HTTPS://intra.example.com/hr/x",
  "https://INTRA.example.com/hr/x",
  "https://intra.example.com./hr/x",
  "https://intra.example.com:443/hr/x",
  "https://ann@intra.example.com/hr/x",
  "https:/intra.example.com/hr/x",
  "https:///intra.example.com/hr/x",
  "https://intra.example.com//hr/x",
  "https://intra.example.com/%2fhr/x",
  "https://intr%61.example.com/hr/x",
  "https://ｉntra.example.com/hr/x",
  "memo:Caf\u00E9",
  "memo:Cafe\u0301",
  "memo:Caf%C3%A9",
  "memo:caf%c3%a9",
  "memo:caf%C3%A9#top",
];
/** What a server lists, however it is written. */
const ODD = [
  "file:///public/../odd",
  "FILE:///Odd",
  "file:///od%64",
  "file:///o dd",
  "file:////odd",
  "file:///odd?a#b",
];
/** What both servers list, and none, one and two of them may be asked for. */
const SHARED = ["same:none", "same:one", "same:two"];
const DENIED = [
  "*/same:none",
  "other/same:one",
  "docs/file:///hr/*",
  "docs/https://intra.example.com/hr/*",
  "docs/memo:café",
];
const POLICIES = `policies:
  - { id: no, target: { resources: ${JSON.stringify(DENIED)} }, then: { deny: {} } }
`;

let docs: DecidedServer;
let other: DecidedServer;
let gateway: TestGateway;
const clients = new Map<string, DecidedClient>();

beforeAll(async () => {
  const templates = ["file:///{+path}", "file:///hr/{v}", "https://{+rest}", "memo:{v}"];
  docs = await startDecidedServer("legacy", [], { uris: [...ODD, ...SHARED], templates });
  other = await startDecidedServer("modern", ["a"], { uris: SHARED });
  const upstreams = { docs: { url: docs.url }, other: { url: other.url } };
  gateway = await startTestGateway({ ...APPROVALS_CONFIG, upstreams }, { "p.yaml": POLICIES });
  for (const path of ["/mcp/docs", "/mcp"]) {
    clients.set(path, await connectDecided("legacy", Number(new URL(gateway.url).port), path, people.key("ann")));
  }
}, 60_000);
afterAll(async () => {
  await gateway.close();
  await docs.close();
  await other.close();
});

describe.each(["/mcp/docs", "/mcp"])("at %s", (path) => {
  const ask = async (method: string, uri: string): Promise<{ readonly text: string; readonly heard: number }> => {
    const asked = () => [...docs.requests, ...other.requests].filter((request) => request.method === method).length;
    const before = asked();
    const argument = { name: "v", value: "" };
    const params = method === "completion/complete" ? { ref: { type: "ref/resource", uri }, argument } : { uri };
    const text = (await clients.get(path)?.ask(method, params)) ?? "";
    return { text, heard: asked() - before };
  };
  const METHODS = ["resources/read", "resources/subscribe", "completion/complete"];

  it.each(SPELLINGS)("no policy is got around by %j", async (uri) => {
    for (const method of METHODS) {
      const { text, heard } = await ask(method, uri);
      expect(heard, `${method}: ${text}`).toBe(0);
      expect(text).toContain('"error"');
    }
  });

  it.each(ODD)("what a server lists as %j is read and watched", async (uri) => {
    for (const method of METHODS.slice(0, 2)) {
      const { text, heard } = await ask(method, uri);
      expect(text, method).toContain('"result"');
      expect(heard, method).toBe(1);
      // The next one is to be asked again.
      if (method === "resources/subscribe") await ask("resources/unsubscribe", uri);
    }
  });

  it.each([
    "file:///public/x",
    "file:///caf%C3%A9",
    "file:///café",
    "file:///h",
    "memo:ABC/d?e=f#g",
    "https://a.example.com/b?c=//d",
  ])("what no policy is about is asked for, as %j", async (uri) => {
    expect((await ask("resources/read", uri)).heard).toBe(1);
  });

  it("a template is completed under the policy that its resources are under", async () => {
    expect(await ask("completion/complete", "file:///hr/{v}")).toMatchObject({ heard: 0 });
    expect(await ask("completion/complete", "file:///{+path}")).toMatchObject({ heard: 1 });
  });
});

it("a URI of several servers is not told to be one where all of them are hidden, and leads to the one that is not", async () => {
  const read = async (uri: string) => (await clients.get("/mcp")?.ask("resources/read", { uri })) ?? "";
  expect(await read("same:none")).toBe(await read("same:nothing"));
  expect(await read("same:one")).toContain('"result"');
  expect(await read("same:two")).toContain("#portcullis=docs, #portcullis=other");
});
