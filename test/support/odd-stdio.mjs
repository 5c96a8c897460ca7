/**
 * Run by `node`: a hand-written 2025-era stdio server with habits that real ones have. The argument names the habit:
 * `exits` ends on any request before `initialize`, `silent` leaves those unanswered, `stubborn` ignores the end of its
 * input and SIGTERM, `noisy` prints to stdout and stderr what it should not.
 */
import { createInterface } from "node:readline";

const habit = process.argv[2] ?? "";
let initialized = false;
const askedBy = new Map();
let asks = 0;
let count = 0;

if (habit === "stubborn") {
  process.on("SIGTERM", () => {});
  setInterval(() => {}, 1_000);
}
if (habit === "noisy") {
  process.stdout.write("Welcome!\n");
  process.stderr.write(`hello\n${"y".repeat(50_000)}\n`);
}

function send(message) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
}

createInterface({ input: process.stdin }).on("line", (text) => {
  const { id, method, params, result } = JSON.parse(text);
  if (method === "initialize") {
    initialized = true;
    const capabilities = { tools: {}, resources: { subscribe: true } };
    send({ id, result: { protocolVersion: "2025-11-25", capabilities, serverInfo: { name: habit, version: "1" } } });
  } else if (!initialized && habit === "exits") {
    process.exit(3);
  } else if (!initialized && habit === "silent") {
    return;
  } else if (!initialized) {
    send({ id, error: { code: -32601, message: "Method not found" } });
  } else if (method === "tools/call") {
    call(id, params.name);
  } else if (method === "tools/list") {
    const tools = ["hang", "count"].map((name) => ({ name, inputSchema: { type: "object" } }));
    send({ id, result: { tools } });
  } else if (method === "notifications/cancelled") {
    process.stderr.write(`cancelled ${params.reason}\n`);
  } else if (method === "resources/subscribe") {
    send({ id, result: {} });
    send({ method: "notifications/resources/updated", params: { uri: params.uri } });
  } else if (method === undefined && askedBy.has(id)) {
    const call = askedBy.get(id);
    askedBy.delete(id);
    send({ id: call, result: { content: [{ type: "text", text: `Hello, ${result.content.name}.` }] } });
  } else if (id !== undefined && method !== undefined) {
    send({ id, result: {} });
  }
});

function call(id, name) {
  if (name === "die") process.exit(1);
  else if (name === "hang") process.stderr.write("hanging\n");
  else if (name === "count") send({ id, result: { content: [{ type: "text", text: String(++count) }] } });
  else if (name === "pid") send({ id, result: { pid: process.pid } });
  else if (name === "big") send({ id, result: { text: "x".repeat(1_000_000) } });
  else if (name === "big-sdk-order")
    process.stdout.write(`{"result":{"text":"${"x".repeat(1_000_000)}"},"jsonrpc":"2.0","id":${id}}\n`);
  else if (name === "greet") {
    const ask = `ask-${++asks}`;
    askedBy.set(ask, id);
    const requestedSchema = { type: "object", properties: { name: { type: "string" } } };
    send({ id: ask, method: "elicitation/create", params: { message: "Who?", requestedSchema } });
  } else if (name === "last-words") {
    send({ id, result: { said: true } });
    process.exit(0);
  }
}
