import type { ServerResponse } from "node:http";
import { isObject, type JsonObject } from "../../src/core/json.ts";
import { answer, answerRaw, modernScript, type RawRequest, startRawUpstream } from "./raw-upstream.ts";

/** A server with a tool that must never be run twice, `pay`, and one that may, `look`. */
export interface PayingUpstream {
  readonly url: string;
  /** The parameters of every call that reached `pay`, in order. */
  readonly paid: readonly JsonObject[];
  /** What `pay` says of itself from now on. */
  describe(description: string): void;
  /** Which annotations it gives itself from now on; none before. */
  annotate(annotations: JsonObject): void;
  /** How often tools were listed. */
  readonly listed: () => number;
  /** Tools are listed no more: the request is left without an answer, or refused. `undefined`: they are again. */
  hideTools(how: "silent" | "refused" | undefined): void;
  /** `pay` answers only when it is told to, from now on. */
  holdBack(): void;
  /** Answers a call that is held back: one that came, or the next that comes. */
  release(): Promise<void>;
  /** `pay` answers with this instead of a receipt. */
  answerWith(act: (request: RawRequest, response: ServerResponse) => void): void;
  close(): Promise<void>;
}

/** Starts it on a loopback port. */
export async function startPayingUpstream(port = 0): Promise<PayingUpstream> {
  const paid: JsonObject[] = [];
  const held: (() => void)[] = [];
  const waiting: ((answerIt: () => void) => void)[] = [];
  let description = "Pays.";
  let annotations: JsonObject | undefined;
  let listed = 0;
  let hiding: "silent" | "refused" | undefined;
  let holding = false;
  let act = (request: RawRequest, response: ServerResponse): void => {
    answer(request, response, { resultType: "complete", content: [{ type: "text", text: `paid ${paid.length}` }] });
  };
  const tools = (): readonly JsonObject[] => [
    { name: "pay", description, annotations, inputSchema: { type: "object" } },
    { name: "look", inputSchema: { type: "object" } },
  ];
  const upstream = await startRawUpstream(
    modernScript((request, response) => {
      if (request.method === "tools/list") {
        listed += 1;
        if (hiding === "silent") return;
        if (hiding === "refused") return answerRaw(response, "", 500);
        answer(request, response, { resultType: "complete", tools: tools(), ttlMs: 0, cacheScope: "private" });
        return;
      }
      const { params } = request.body;
      if (!isObject(params) || params["name"] !== "pay") {
        answer(request, response, { resultType: "complete", content: [] });
        return;
      }
      paid.push(params);
      const now = (): void => act(request, response);
      if (!holding) return now();
      const next = waiting.shift();
      if (next === undefined) held.push(now);
      else next(now);
    }),
    port,
  );
  return {
    url: upstream.url,
    paid,
    describe(next) {
      description = next;
    },
    annotate(next) {
      annotations = next;
    },
    listed: () => listed,
    hideTools(how) {
      hiding = how;
    },
    holdBack() {
      holding = true;
    },
    async release() {
      const answerIt = held.shift() ?? (await new Promise<() => void>((resolve) => waiting.push(resolve)));
      answerIt();
    },
    answerWith(next) {
      act = next;
    },
    close: () => upstream.close(),
  };
}
