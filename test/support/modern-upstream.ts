import { createServer, type IncomingMessage } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, type ServerNotifier } from "@modelcontextprotocol/server";
import { testProgram } from "./built.ts";
import { createModernServer } from "./modern-tools.ts";

/** Arguments for `node` that run the modern test server over stdio. */
export const modernStdio = (): readonly string[] => [testProgram("modern-stdio")];

/** A modern server over HTTP, on SDK v2, that refuses everything legacy. */
export interface ModernUpstream {
  readonly url: string;
  /** Headers of every request that came, newest last. */
  readonly seen: ReadonlyArray<IncomingMessage["headers"]>;
  /** Every run of the tool `order` with the state that it got back, and what became of `wait`. */
  readonly journal: readonly string[];
  /** Tells listening clients of changes. */
  readonly notify: ServerNotifier;
  close(): Promise<void>;
}

/** Starts it on a loopback port, any free one by default. */
export async function startModernUpstream(port = 0): Promise<ModernUpstream> {
  const journal: string[] = [];
  const handler = createMcpHandler(() => createModernServer(journal), { legacy: "reject" });
  const serve = toNodeHandler(handler);
  const seen: Array<IncomingMessage["headers"]> = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    // The adapter's structural type and Node's differ under exactOptionalPropertyTypes.
    void serve(request as Parameters<typeof serve>[0], response);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("No port was given.");
  return {
    url: `http://127.0.0.1:${address.port}/mcp`,
    seen,
    journal,
    notify: handler.notify,
    async close() {
      await handler.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
