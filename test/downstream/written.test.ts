import { createServer, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { onWritten } from "../../src/downstream/http/written.ts";

let server: Server;
let client: Socket;
let outgoing: ServerResponse;
let written = 0;

// A server that has one request in hand, of a client that does what the test says.
beforeEach(async () => {
  written = 0;
  server = createServer();
  const arrived = new Promise<ServerResponse>((resolve) => {
    server.once("request", (_, response) => resolve(response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  outgoing = await arrived;
  onWritten(outgoing, () => {
    written += 1;
  });
});

afterEach(() => {
  client.destroy();
  server.close();
});

const closed = () => new Promise<void>((resolve) => outgoing.once("close", resolve));

it("hears of an answer that has left", async () => {
  const over = closed();
  client.resume();
  outgoing.end("x".repeat(1_000_000));
  await over;
  expect(written).toBe(1);
});

it("does not hear of an answer that was cut off in the middle", async () => {
  const over = closed();
  // More than sockets hold, and nobody reads it.
  outgoing.end("x".repeat(64_000_000));
  client.destroy();
  await over;
  expect(written).toBe(0);
});

it("does not hear of an answer to a client that had gone before", async () => {
  const over = closed();
  client.destroy();
  await over;
  outgoing.end("x");
  await new Promise(setImmediate);
  expect(written).toBe(0);
});
