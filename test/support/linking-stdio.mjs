/**
 * Run by `node`: a hand-written 2025-era stdio server whose resources another one has, too. The argument is its name, which
 * whatever it is read for begins with. `touch` tells those who watch `uri` that it has changed.
 */
import { createInterface } from "node:readline";

const name = process.argv[2] ?? "";
const template = process.argv[3] ?? "same://by/{id}";
const inputSchema = { type: "object" };
const link = (uri) => ({ type: "resource_link", uri, name: "a link" });
const embedded = (uri) => ({ type: "resource", resource: { uri, text: `${name} embedded` } });

const ANSWERS = {
  initialize: () => ({
    protocolVersion: "2025-11-25",
    capabilities: { tools: {}, prompts: {}, completions: {}, resources: { subscribe: true } },
    serverInfo: { name, version: "1" },
  }),
  "tools/list": () => ({
    tools: [
      { name: "links", inputSchema },
      { name: "touch", inputSchema },
      { name: "app", inputSchema, _meta: { ui: { resourceUri: "ui://app" }, "ui/resourceUri": "ui://app" } },
    ],
  }),
  "tools/call": ({ name: tool, arguments: args = {} }) => {
    if (tool === "touch") send({ method: "notifications/resources/updated", params: { uri: args.uri } });
    const uris = ["hidden://same", "same://1", `own://${name}`];
    return { content: [...uris.map(link), embedded("same://1")], structuredContent: { uri: "same://1", n: 1 } };
  },
  "prompts/list": () => ({ prompts: [{ name: "p" }] }),
  "prompts/get": () => ({ messages: [{ role: "user", content: embedded("same://1") }] }),
  "resources/list": () => ({
    resources: ["same://1", `own://${name}`, "ui://app"].map((uri) => ({ uri, name: `${name} ${uri}` })),
  }),
  "resources/templates/list": () => ({ resourceTemplates: [{ uriTemplate: template, name: `${name} template` }] }),
  "resources/read": ({ uri }) => ({ contents: [{ uri, text: `${name} read ${uri}` }] }),
  "completion/complete": ({ ref }) => ({ completion: { values: [`${name} ${ref.uri}`] } }),
};

function send(message) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
}

createInterface({ input: process.stdin }).on("line", (text) => {
  const { id, method, params } = JSON.parse(text);
  if (id !== undefined && method !== undefined) send({ id, result: ANSWERS[method]?.(params) ?? {} });
});
