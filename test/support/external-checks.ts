import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { isObject, type JsonObject } from "../../src/core/json.ts";

/** Answers as OPA does under `/v1/data/mcp/allow`, and as a webhook guard under `/look`; both by the name of what is asked about. */
export interface ExternalChecks {
  readonly url: string;
  /** The questions, as they came. */
  readonly asked: readonly JsonObject[];
  close(): Promise<void>;
}

/**
 * Starts one. `no` in the name: refused; `swap`: replaced by what `instead` says; `lost`: nothing that could be understood; all
 * else passes.
 */
export async function startExternalChecks(instead: (question: JsonObject) => JsonObject): Promise<ExternalChecks> {
  const asked: JsonObject[] = [];
  const answerTo = (path: string, question: JsonObject): JsonObject => {
    const isPoint = path.startsWith("/v1/data/");
    const facts = isPoint && isObject(question["input"]) ? question["input"] : question;
    const { tool, prompt, resource } = facts;
    const subject = [tool, prompt, resource].find(isObject) ?? {};
    const name = String(subject["uri"] ?? subject["name"]);
    if (name.includes("lost")) return { odd: true };
    const refused = name.includes("no");
    if (isPoint) return { result: refused ? { allow: false, reason: "not today" } : true };
    if (refused) return { decision: "deny", message: "not this" };
    return name.includes("swap") ? { decision: "replace", ...instead(question) } : { decision: "pass" };
  };
  const serve = async (request: IncomingMessage): Promise<JsonObject> => {
    const question: unknown = JSON.parse(await text(request));
    if (!isObject(question)) return {};
    asked.push(question);
    return answerTo(request.url ?? "", question);
  };
  const server: Server = createServer((request, response) => {
    void serve(request).then((answer) => {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
