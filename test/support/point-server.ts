import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A question as it came. */
export interface AskedQuestion {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A server that answers as a test says, honest or not. */
export interface PointServer {
  readonly url: string;
  readonly asked: AskedQuestion[];
  /** Connections that were made so far. */
  connections(): number;
  close(): Promise<void>;
}

/** Starts one on a port of this machine. `answer` may answer, stay silent, or end the connection. */
export async function startPointServer(
  answer: (response: ServerResponse, question: AskedQuestion) => void,
): Promise<PointServer> {
  const asked: AskedQuestion[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => {});
    request.on("end", () => {
      const { method, url: path, headers } = request;
      const question = { method, path, headers, body: Buffer.concat(chunks).toString("utf8") };
      asked.push(question);
      answer(response, question);
    });
  });
  server.on("connection", (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    connections: () => connections,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Answers with JSON, or with a text that is taken as it is. */
export function answerJson(response: ServerResponse, body: unknown, status = 200, headers = {}): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(text);
}
