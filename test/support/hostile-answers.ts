import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { drip, flood, type Script } from "./hostile-peer.ts";

/** What a peer may do to whoever asks it something. */
export interface Hostile {
  readonly script: Script;
  /** Whether a message counts as received all the same. */
  readonly taken?: boolean;
  /** Whether it is ended by what it says, and not by the time. */
  readonly ends?: boolean;
  /** How much is read of it has no bound but the time. None of it is kept. */
  readonly unbounded?: boolean;
}

const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
const ERROR = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n";

/** Of blanks, which JSON may begin with. */
const BOMB = gzipSync(Buffer.alloc(32 * 1024 * 1024, 0x20));

/** Says it once a request is there. */
export function say(then: (socket: Socket) => void): Script {
  return (socket, heard) => void heard.then(() => then(socket));
}

/** What a server over HTTP may answer. */
export const HOSTILE_ANSWERS: Readonly<Record<string, Hostile>> = {
  "an endless body": { script: say((socket) => flood(socket, `${HEAD}\r\n`, "x")), taken: true },
  "an endless body of chunks": {
    script: say((socket) => flood(socket, `${HEAD}Transfer-Encoding: chunked\r\n\r\n`, "1\r\nx\r\n")),
    taken: true,
  },
  "an endless body of an error": { script: say((socket) => flood(socket, `${ERROR}\r\n`, "invalid_token")) },
  "a body that is a thousand times as long as it looks": {
    script: say((socket) => {
      socket.end(Buffer.concat([Buffer.from(`${HEAD}Content-Encoding: gzip\r\n\r\n`), BOMB]));
    }),
    taken: true,
  },
  "endless headers": { script: say((socket) => flood(socket, HEAD, "X-More: more\r\n")) },
  "one endless header": { script: say((socket) => flood(socket, `${HEAD}X-More: `, "more")) },
  "an endless status line": {
    script: say((socket) => flood(socket, "HTTP/1.1 200 ", "OK")),
    // The HTTP client of Node counts headers, and not this.
    unbounded: true,
  },
  "endless early hints": {
    script: say((socket) => flood(socket, "", "HTTP/1.1 103 Early Hints\r\n\r\n")),
    unbounded: true,
  },
  "headers in drops": { script: say((socket) => drip(socket, HEAD, "X-More: more\r\n")) },
  "a body in drops": {
    script: say((socket) => drip(socket, `${HEAD}Content-Length: 9999\r\n\r\n`, "x")),
    taken: true,
  },
  "an error's body in drops": { script: say((socket) => drip(socket, `${ERROR}Content-Length: 9999\r\n\r\n`, "x")) },
  silence: { script: () => {} },
  "an end at once": { script: (socket) => void socket.end() },
  "no HTTP": { script: say((socket) => flood(socket, "", "SSH-2.0-x\r\n")) },
  "a redirect to itself": {
    script: say((socket) => socket.end("HTTP/1.1 307 X\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")),
  },
  "deep JSON": { script: say((socket) => socket.end(`${HEAD}\r\n${'{"a":'.repeat(50_000)}`)), taken: true },
  "deep JSON that ends": {
    script: say((socket) => socket.end(`${HEAD}\r\n${"[".repeat(50_000)}${"]".repeat(50_000)}`)),
    taken: true,
  },
  "deep JSON of an error": { script: say((socket) => socket.end(`${ERROR}\r\n${"[".repeat(50_000)}`)) },
  "wide JSON": { script: say((socket) => socket.end(`${HEAD}\r\n[${"1,".repeat(120_000)}1]`)), taken: true },
  "a page": {
    script: say((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>")),
    taken: true,
  },
  "a status that there is not": { script: say((socket) => socket.end("HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n")) },
  "a wait of a thousand years": {
    script: say((socket) =>
      socket.end("HTTP/1.1 503 X\r\nRetry-After: 99999999999999999999\r\nContent-Length: 0\r\n\r\n"),
    ),
  },
};
