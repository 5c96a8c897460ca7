import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One request as it came. */
export interface Asked {
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A receiver whose answers a test writes. */
export interface LyingServer {
  readonly url: string;
  readonly asked: Asked[];
  /** What it does with each request from now on. */
  answer: (response: ServerResponse) => void;
  close(): Promise<void>;
}

/** Starts one on this machine. */
export async function startLyingServer(): Promise<LyingServer> {
  const asked: Asked[] = [];
  const lying = { url: "", asked, answer: (response: ServerResponse): void => void response.end(), close };
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      asked.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      lying.answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  lying.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/check?a=b`;
  async function close(): Promise<void> {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  return lying;
}

/** Answers with a text. */
export function says(text: string | Buffer, status = 200, headers: Record<string, string> = {}) {
  return (response: ServerResponse): void => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(text);
  };
}
