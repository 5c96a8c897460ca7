/**
 * Run by `node`: a server that says what no server should, on one transport. Arguments: the transport and a seed. Over
 * HTTP it prints its port.
 */
import { createServer, type ServerResponse } from "node:http";
import { createInterface } from "node:readline";
import { isObject } from "../../../src/core/json.ts";
import { answersTo, unsolicited } from "../fuzz/messages.ts";
import { createDice } from "../fuzz/random-text.ts";

const [transport = "stdio", seed = "1"] = process.argv.slice(2);
const dice = createDice(Number(seed));

function read(text: string): { readonly method: string; readonly id: string | undefined } {
  const parsed: unknown = JSON.parse(text === "" ? "{}" : text);
  const body = isObject(parsed) ? parsed : {};
  const method = typeof body["method"] === "string" ? body["method"] : "";
  return { method, id: body["id"] === undefined ? undefined : JSON.stringify(body["id"]) };
}

// One line each: a line break inside would only be two shorter pieces of garbage.
const oneLine = (text: string): string => text.replaceAll("\n", " ");
const event = (text: string): string => `${dice.chance(0.1) ? "id: \u00e9\u0001\n" : ""}data: ${oneLine(text)}\n\n`;

if (transport === "stdio") {
  const wrongEra = dice.chance(0.5) ? "initialize" : "server/discover";
  createInterface({ input: process.stdin }).on("line", (line) => {
    const { method, id } = read(line);
    if (id === undefined) return;
    if (method === wrongEra) {
      process.stdout.write(`{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"Method not found"}}\n`);
      return;
    }
    for (const text of answersTo(dice, method, id)) process.stdout.write(`${oneLine(text)}\n`);
    if (dice.chance(0.02)) process.stdout.write(Buffer.from([0xff, 0xfe, 0x7b, 0x0a]));
    if (dice.chance(0.01)) process.exit(1);
  });
} else {
  const streams = new Set<ServerResponse>();
  const server = createServer((incoming, response) => {
    let body = "";
    incoming.on("data", (chunk) => {
      body += chunk;
    });
    incoming.on("end", () => {
      if (incoming.method === "GET") {
        response.writeHead(200, { "content-type": "text/event-stream" });
        if (transport === "sse") response.write("event: endpoint\ndata: /post\n\n");
        streams.add(response);
        response.once("close", () => streams.delete(response));
        if (dice.chance(0.3)) response.write(event(unsolicited(dice)));
        return;
      }
      const { method, id } = read(body);
      const legacy = transport !== "modern";
      if (id === undefined || (legacy ? method === "server/discover" : method === "initialize")) {
        response.writeHead(id === undefined ? 202 : 404).end();
        return;
      }
      const texts = answersTo(dice, method, id);
      if (transport === "sse") {
        response.writeHead(202).end();
        for (const stream of streams) for (const text of texts) stream.write(event(text));
      } else if (dice.chance(0.5)) {
        response.writeHead(200, { "content-type": "text/event-stream", "mcp-session-id": `s${dice.below(3)}` });
        for (const text of texts) response.write(event(text));
        if (dice.chance(0.8)) response.end();
      } else {
        const status = dice.chance(0.9) ? 200 : dice.pick([204, 400, 404, 418, 500, 599]);
        response.writeHead(status, { "content-type": "application/json", "mcp-session-id": `s${dice.below(3)}` });
        response.end(texts.at(-1));
      }
      if (dice.chance(0.02)) response.destroy();
    });
  });
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    process.stdout.write(`port ${typeof address === "object" && address !== null ? address.port : 0}\n`);
  });
}
