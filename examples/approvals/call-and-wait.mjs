/*
 * Calls a tool through the gateway and waits until people have decided, however long that takes.
 *
 *   PORTCULLIS_KEY=pk_… node examples/approvals/call-and-wait.mjs http://127.0.0.1:3000/mcp crm__delete_customer '{"customer_id":"c-1003"}'
 *
 * Prints the tool's answer, and on standard error what it waits for. Ends with 1 if the call was refused or failed.
 */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const [url = "http://127.0.0.1:3000/mcp", tool, args = "{}"] = process.argv.slice(2);
const key = process.env["PORTCULLIS_KEY"];
if (tool === undefined || key === undefined) {
  console.error("Usage: PORTCULLIS_KEY=pk_… node call-and-wait.mjs URL TOOL [ARGUMENTS as JSON]");
  process.exit(2);
}

const client = new Client(
  { name: "call-and-wait", version: "1.0.0" },
  // With `url` the gateway tells at once where the request is. Without it everything else works the same.
  { versionNegotiation: { mode: "auto" }, capabilities: { elicitation: { url: {} } } },
);
client.setRequestHandler("elicitation/create", ({ params }) => {
  console.error("url" in params ? `${params.message}\n${params.url}` : params.message);
  return { action: "accept" };
});
await client.connect(
  new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { Authorization: `Bearer ${key}` } } }),
);

// The SDK comes back by itself for some minutes. After that the answer says what it waits for, and a tool of the
// gateway's own tells how it goes on. Calling the same tool with the same arguments again would do as well.
let result = await client.callTool({ name: tool, arguments: JSON.parse(args) });
for (let request = waitsFor(result); request !== undefined; request = waitsFor(result)) {
  console.error(`${request.id} is ${request.state}, and waits until ${request.pending_until}.`);
  result = await client.callTool({
    name: "portcullis_approval_status",
    arguments: { id: request.id, wait_seconds: 25 },
  });
}
await client.close();

for (const block of result.content) console.log(block.type === "text" ? block.text : `[${block.type}]`);
process.exitCode = result.isError ? 1 : 0;

/** The request that a result is about, while it has not ended. */
function waitsFor({ _meta }) {
  const request = _meta?.["portcullis/approval"];
  return ["pending", "approved", "executing"].includes(request?.state) ? request : undefined;
}
