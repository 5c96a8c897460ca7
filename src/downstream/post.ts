import { Cancellation } from "../core/cancellation.ts";
import type { Refusal } from "../core/errors.ts";
import { Slices } from "../core/slices.ts";
import { readBody } from "../http/body.ts";
import { parseLongJsonBody } from "../http/json-body.ts";
import { type Classified, classify } from "../mcp/classify.ts";
import { oddMessageIn, type RefusedMessage, refusedMessageIn } from "../mcp/refused-call.ts";
import { idOfRefused, idOfRefusedAnswer } from "../mcp/refused-id.ts";
import { recordRefused } from "./edge.ts";
import { answerEmpty, answerRefusal, type HttpExchange, headerOf, versionOf } from "./http/exchange.ts";
import { HttpReply } from "./http/http-reply.ts";
import { readMedia } from "./http/media.ts";
import { admit, type HttpEdge } from "./http-edge.ts";
import { type AdmittedPost, endOddAnswer, postLegacy, sessionFactsOf } from "./legacy/http.ts";
import { dispatchModernRequest } from "./modern/dispatch.ts";
import { refuseHttp } from "./refuse-http.ts";

/**
 * One POST, step by step; Host and Origin were checked before. Each step either hands its finding to the next or answers
 * and stops, and nothing of the body is read for a caller who is not known.
 *
 *   1. admit      who calls (401, 403, 429), and what the endpoint shows (404)
 *   2. readMedia  what form the body has and the answer may take (415, 406)
 *   3. readBody   at most so many bytes (413)
 *   4. parseJson  no value that two readers could read differently (400)
 *   5. classify   which era, and whether the headers say what the body says (400)
 *   6. serve      the era's own dispatch
 */
export async function handlePost(http: HttpEdge, exchange: HttpExchange): Promise<void> {
  const { incoming, outgoing } = exchange;
  const { limits } = http.edge;

  const admitted = await admit(http, exchange);
  if (!admitted.ok) return refuseHttp(http.edge, exchange, admitted.refusal, { headers: admitted.headers });
  const { context } = admitted;
  const accepted = readMedia(incoming.headers["content-type"], incoming.headers.accept);
  if (!accepted.ok) return refuseHttp(http.edge, exchange, accepted, { context });

  const body = await readBody(incoming, limits.maxBodyBytes);
  if (body === undefined) return;
  if (!body.ok) return refuseHttp(http.edge, exchange, body, { context, headers: body.headers });

  const record = async (refusal: Refusal, refused: RefusedMessage): Promise<void> => {
    const session = refused.call && (await sessionFactsOf(http, exchange, context));
    await recordRefused(http.edge, context, refusal, refused, session);
  };

  const slices = new Slices();
  const parsed = await parseLongJsonBody(body, limits, slices);
  if (slices.isOver) await slices.next();
  if (!parsed.ok) {
    await record(parsed, refusedMessageIn(body.text));
    await endOddAnswer(http, exchange, context, idOfRefusedAnswer(body.text));
    return answerRefusal(outgoing, parsed, { id: idOfRefused(body.text) });
  }

  const headers = {
    protocolVersion: versionOf(incoming),
    method: headerOf(incoming, "mcp-method"),
    name: headerOf(incoming, "mcp-name"),
  };
  const classified = classify(parsed.value, { headers, maxBatch: limits.maxBatch });
  if (slices.isOver) await slices.next();
  if (classified.kind === "rejected") {
    await record(classified.refusal, oddMessageIn(parsed.value));
  }
  return serve(http, { exchange, accepted, context }, classified);
}

function serve(http: HttpEdge, post: AdmittedPost, classified: Classified): Promise<void> | void {
  const { exchange, accepted, context } = post;
  const { outgoing } = exchange;
  switch (classified.kind) {
    case "rejected":
      return answerRefusal(outgoing, classified.refusal, { id: classified.id, data: classified.data });
    case "modern-notification":
      // Nothing that a client can tell over HTTP in this era changes anything: closing the response cancels.
      return answerEmpty(outgoing, 202);
    case "modern-request": {
      const cancellation = new Cancellation();
      const reply = new HttpReply(outgoing, accepted, http.streams, context.receivedAt);
      reply.onDisconnect(() =>
        http.streams.isCut
          ? cancellation.cancel("the gateway stops", "GATEWAY_STOPPED")
          : cancellation.cancel("the client closed the response"),
      );
      const { message: request, meta } = classified;
      return dispatchModernRequest(http, { request, meta, context, cancellation, reply });
    }
    case "legacy":
    case "legacy-batch":
      return postLegacy(http, post, classified);
    default:
      return classified satisfies never;
  }
}
