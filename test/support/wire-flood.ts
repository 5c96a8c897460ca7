import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** The head of an answer in chunks, for those who write the rest by hand. */
export const OK_CHUNKED = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

/** More than anybody should take. */
const ENOUGH_BYTES = 48 * 1024 * 1024;

/** Writes `before` and then `again`, over and over, past what Node would let a server write; how it ended. */
export function flood(response: ServerResponse, before: string, again: string): Promise<"closed" | "taken"> {
  response.socket?.write(before, "latin1");
  return pour(response.socket ?? undefined, again);
}

/** Writes a text over and over until the other side closes the connection, or has taken far too much. */
export function pour(socket: Socket | undefined, again: string): Promise<"closed" | "taken"> {
  if (socket === undefined) throw new Error("There is no connection.");
  const piece = Buffer.from(again.repeat(Math.max(1, Math.floor(65_536 / again.length))), "latin1");
  return new Promise((resolve) => {
    let left = ENOUGH_BYTES;
    socket.on("error", () => {});
    socket.once("close", () => resolve("closed"));
    const go = (): void => {
      if (socket.destroyed) return;
      left -= piece.length;
      if (left < 0) {
        resolve("taken");
        socket.destroy();
      } else if (socket.write(piece)) setImmediate(go);
      else socket.once("drain", go);
    };
    go();
  });
}
