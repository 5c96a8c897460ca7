/**
 * The upstream of the benchmark: a 2026-07-28 server on bare `node:http` that echoes about 200 bytes. As little as
 * possible happens here, so that what is measured is what stands in front of it.
 */
import { createServer } from "node:http";
import { ECHO_TOOL } from "./echo-call.ts";

const META = '"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"bench-upstream","version":"1.0.0"}}';
const DISCOVER = `{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":3600000,"cacheScope":"public",${META}}`;
/** TOOLS: how many tools to list, the echo tool first. */
const tools = Array.from({ length: Number(process.env["TOOLS"] ?? 1) }, (_, i) =>
  i === 0
    ? ECHO_TOOL
    : { ...ECHO_TOOL, name: `tool_${i}`, description: `Does what tool number ${i} of this server does` },
);
const LIST = `{"resultType":"complete","tools":${JSON.stringify(tools)},"ttlMs":3600000,"cacheScope":"public",${META}}`;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const message = JSON.parse(chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks).toString("utf8"));
    const id = JSON.stringify(message.id);
    let status = 200;
    let answer: string;
    if (message.method === "tools/call") {
      const text = JSON.stringify(String(message.params.arguments.text));
      answer = `{"jsonrpc":"2.0","id":${id},"result":{"resultType":"complete","content":[{"type":"text","text":${text}}]}}`;
    } else if (message.method === "tools/list") {
      answer = `{"jsonrpc":"2.0","id":${id},"result":${LIST}}`;
    } else if (message.method === "server/discover") {
      answer = `{"jsonrpc":"2.0","id":${id},"result":${DISCOVER}}`;
    } else {
      status = 404;
      answer = `{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"Method not found"}}`;
    }
    response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(answer) });
    response.end(answer);
  });
});

server.keepAliveTimeout = 600_000;
server.listen(Number(process.env["PORT"] ?? 0), "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`listening ${typeof address === "object" ? address?.port : address}\n`);
});
process.once("SIGTERM", () => process.exit(0));
