import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** Answers one request. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Serves `/mcp` on a loopback port, prints `listening http://127.0.0.1:PORT/mcp` on stdout, and ends on SIGTERM.
 * Requests whose Host or Origin is not this machine are refused, as the transport's security section asks.
 */
export function serveLoopback(handler: Handler): Server {
  const server = createServer((request, response) => {
    if (!isLocal(request.headers.host) || !isLocalOrigin(request.headers.origin)) {
      response.writeHead(403).end();
      return;
    }
    if (request.url !== "/mcp") {
      response.writeHead(404).end();
      return;
    }
    handler(request, response).catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  });
  server.listen(Number(process.env["PORT"] ?? 0), "127.0.0.1", () => {
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    process.stdout.write(`listening http://127.0.0.1:${port}/mcp\n`);
  });
  process.once("SIGTERM", () => process.exit(0));
  return server;
}

const LOCAL_NAMES = new Set(["localhost", "127.0.0.1", "[::1]"]);

function isLocal(host: string | undefined): boolean {
  return host !== undefined && LOCAL_NAMES.has(host.replace(/:\d+$/, ""));
}

function isLocalOrigin(origin: string | undefined): boolean {
  return origin === undefined || isLocal(origin.replace(/^https?:\/\//, ""));
}
