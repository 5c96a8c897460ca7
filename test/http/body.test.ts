import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Body, readBody } from "../../src/http/body.ts";

const LIMIT = 1024 * 1024;

let server: Server;
let client: Socket;
let incoming: IncomingMessage;
let body: Promise<Body | undefined>;

/** Sends the head of a chunked POST, and has the body read on the other side. */
beforeEach(async () => {
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.write("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  [incoming] = await once(server, "request");
  body = readBody(incoming, LIMIT);
});

afterEach(() => {
  client.destroy();
  server.close();
});

function chunked(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

async function received(bytes: number): Promise<void> {
  let seen = 0;
  await new Promise<void>((resolve) => {
    incoming.on("data", (chunk: Buffer) => {
      seen += chunk.length;
      if (seen >= bytes) resolve();
    });
  });
}

function heldBytes(): number {
  setFlagsFromString("--expose_gc");
  runInNewContext("gc")();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

describe("a body", () => {
  it.each([
    ["one chunk", ["{}"]],
    ["many chunks", Array.from({ length: 3000 }, (_, index) => `${index},`)],
    ["a character cut in two is still one", ["é".repeat(20_000), "é"]],
    ["exactly as much as is allowed", ["a".repeat(LIMIT - 1), "b"]],
  ])("is put together again: %s", async (_, parts) => {
    client.write(`${parts.map(chunked).join("")}0\r\n\r\n`);
    expect(await body).toMatchObject({ ok: true, text: parts.join("") });
  });

  it("is refused one byte beyond the limit, however it comes", async () => {
    client.write(chunked("a".repeat(LIMIT)) + chunked("b"));
    expect(await body).toMatchObject({ ok: false, code: "BODY_TOO_LARGE" });
  });

  it("is nothing when the client goes away half-way", async () => {
    client.write(chunked("{"));
    client.destroy();
    expect(await body).toBeUndefined();
  });

  it("that comes byte by byte costs about its size, not hundreds of bytes for each", async () => {
    const bytes = 400_000;
    const before = heldBytes();
    const all = received(bytes);
    client.write(chunked("x").repeat(bytes));
    await all;
    expect(heldBytes() - before).toBeLessThan(20 * 1024 * 1024);
  });
});
