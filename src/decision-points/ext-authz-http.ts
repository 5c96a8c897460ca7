import { clientIdOf, emailOf, userIdOf } from "../core/policy-names.ts";
import { OutboundPool, type PoolAnswer } from "../http/outbound-pool.ts";
import { UserView } from "../policy/cel/views.ts";
import type { PolicyInput } from "../policy/policy-set.ts";
import type { PointAnswer } from "./decision-points.ts";
import { type HttpPointOptions, MAX_AT_ONCE, type Point, tooLong } from "./point.ts";
import { denied, MAX_ANSWER_BYTES, pointError, statusError } from "./read-answer.ts";
import { relayedRequest } from "./relayed-request.ts";

/** Of all that is said of the caller in headers, in bytes: servers take 8 KB or more. */
const MAX_HEADER_BYTES = 6 * 1024;

/**
 * A service as Envoy's `ext_authz` asks over HTTP: it gets the request as a proxy would show it, below its URL, and who calls in
 * headers `x-portcullis-*`. 200 allows; 401 and 403 refuse, and their plain text is the reason.
 */
export function createHttpAuthzPoint({ url, headers, maxBytes }: HttpPointOptions): Point {
  const pool = new OutboundPool({ url, headers, maxConnections: MAX_AT_ONCE });
  return {
    async ask(input, signal) {
      const request = relayedRequest(input);
      if (Buffer.byteLength(request.body) > maxBytes) return tooLong(maxBytes);
      const caller = callerHeaders(input);
      const size = Object.values(caller).reduce((bytes, value) => bytes + value.length, 0);
      if (size > MAX_HEADER_BYTES) return pointError("What is known of the caller is too long for headers.");
      const { path, body } = request;
      const answer = await pool.post({
        ...{ path, body, signal, maxAnswerBytes: MAX_ANSWER_BYTES },
        headers: { ...request.headers, ...caller },
      });
      return readStatus(answer);
    },
    close: () => pool.close(),
  };
}

// Names and roles may hold anything: a comma is one in a list only, and a line break is none.
function callerHeaders({ principal, client, subject, request }: PolicyInput): Readonly<Record<string, string>> {
  const user = new UserView(principal, request.time);
  const values: Readonly<Record<string, string | readonly string[] | undefined>> = {
    user: userIdOf(principal),
    email: emailOf(principal),
    issuer: principal.issuer,
    roles: user.roles,
    groups: user.groups,
    client: clientIdOf(client, principal),
    ip: client.ip,
    upstream: subject.upstream,
  };
  const written = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [[`x-portcullis-${name}`, [value].flat().map(encoded).join(",")] as const],
  );
  return Object.fromEntries(written);
}

function encoded(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^!#$&'()*+./0-9:;=?@A-Z[\]^_`a-z{|}~-]/gu, (character) => encodeURIComponent(character));
}

function readStatus(answer: PoolAnswer): PointAnswer {
  if (answer.kind === "failed") return pointError(`It could not be asked: ${answer.reason}.`);
  const { status, headers, body } = answer;
  if (status === 200) return { kind: "allow" };
  if (status !== 401 && status !== 403) return statusError(status);
  const plain = /^text\/plain(?:;|$)/i.test(headers["content-type"] ?? "");
  return denied(plain ? body.toString("utf8") : undefined);
}
