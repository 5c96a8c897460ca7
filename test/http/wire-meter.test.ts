import { Socket } from "node:net";
import { expect, it } from "vitest";
import { WireMeter } from "../../src/http/wire-meter.ts";

const CONNECTIONS = 40;
const CHUNK = Buffer.alloc(60_000);

/** Connections of one server, over each of which a chunk came that was handed over. */
function connected(meter: WireMeter) {
  return Array.from({ length: CONNECTIONS }, () => {
    let came = 0;
    const socket = new Socket();
    socket.on("error", () => {});
    Object.defineProperty(socket, "bytesRead", { get: () => came });
    meter.connector((_options, callback) => callback(null, socket))({} as never, () => {});
    return {
      socket,
      hear(): void {
        came += CHUNK.length;
        socket.push(CHUNK);
        socket.read();
      },
    };
  });
}

it("what an answer holds is no flood while it is read no further, on however many connections", () => {
  const meter = new WireMeter();
  const connections = connected(meter);
  for (const { hear, socket } of connections) {
    hear();
    meter.piece(1_000);
    socket.unshift(CHUNK.subarray(1_000));
  }
  for (const { socket } of connections) {
    socket.read();
    meter.piece(CHUNK.length - 1_000);
  }
  expect(connections.some(({ socket }) => socket.destroyed)).toBe(false);
});

it("what belongs to no answer is one, on however many connections", () => {
  const connections = connected(new WireMeter());
  for (const { hear } of connections) hear();
  expect(connections.every(({ socket }) => socket.destroyed)).toBe(true);
});
