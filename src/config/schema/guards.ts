import { z } from "zod";
import { entryName, hostAndPort, httpUrl, sentHeaders, text } from "./schema-parts.ts";
import { duration, size } from "./units.ts";

const timeout = duration({ min: "50ms", max: "60s" })
  .prefault("2s")
  .describe("How long a question may take, waiting for its turn included. Then it counts as failed.");

const maxBytes = size({ min: "1KB", max: "16MB" })
  .prefault("1MB")
  .describe("How large a question and an answer may be. What is larger counts as failed.");

/** Both, as the rooms want them. */
function bounded<Rest extends object>({
  timeout: timeoutMs,
  max_bytes,
  ...rest
}: Rest & { timeout: number; max_bytes: number }) {
  return { ...rest, timeoutMs, maxBytes: max_bytes };
}

/** One entry of `guards:`; exactly one of its keys. */
export const guardSchema = z
  .strictObject({
    webhook: z
      .strictObject({
        url: httpUrl.describe("Where to post."),
        secret: text.describe("Signs each question (Standard Webhooks)."),
        headers: sentHeaders.default({}).describe("Headers to send along."),
        timeout,
        max_bytes: maxBytes,
      })
      .transform((value) => bounded(value))
      .optional()
      .describe("A signed HTTP request for each question."),
    ext_mcp: z
      .strictObject({
        grpc: hostAndPort.describe("Where the server is, as host:port."),
        tls: z.boolean().default(false).describe("Whether it is asked over TLS."),
        timeout,
        max_bytes: maxBytes,
      })
      .transform((value) => bounded(value))
      .optional()
      .describe("A server that speaks the gRPC protocol ExtMcp, as agentgateway's guardrails do."),
    mcp: z
      .strictObject({
        upstream: entryName.describe("The MCP server, by its name under upstreams."),
        tool: text.describe("The tool that looks at content, by the server's own name."),
        timeout,
        max_bytes: maxBytes,
      })
      .transform((value) => bounded(value))
      .optional()
      .describe("A tool of an MCP server."),
  })
  .refine((value) => Object.keys(value).length === 1, { error: "Write exactly one of webhook, ext_mcp and mcp." })
  .transform((value) => ({ webhook: value.webhook, extMcp: value.ext_mcp, mcp: value.mcp }));
