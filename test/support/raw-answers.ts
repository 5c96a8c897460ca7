import { isObject, type Json, type JsonObject } from "../../src/core/json.ts";
import { initialize, modern, send } from "./raw-mcp.ts";

/** An answer as far as it may tell a client anything: the head without what differs by the hour, and every byte of the body. */
export interface WholeAnswer {
  readonly status: number;
  readonly headers: JsonObject;
  readonly text: string;
}

/** Calls a tool in a modern request and gives the whole answer. Equal requests have equal ids. */
export async function callModern(
  url: string,
  authorization: string,
  params: JsonObject,
  headers: Readonly<Record<string, string>> = {},
  meta: JsonObject = {},
): Promise<WholeAnswer> {
  const request = modern("tools/call", params, { headers: { Authorization: authorization, ...headers }, meta });
  return whole(await send(portOf(url), request));
}

/** Calls a tool as the first request of a legacy session and gives the whole answer. */
export async function callLegacy(url: string, key: string, params: JsonObject): Promise<WholeAnswer> {
  const session = await initialize(portOf(url), { user: key });
  return whole(await session.request("tools/call", params));
}

export function portOf(url: string): number {
  return Number(new URL(url).port);
}

function whole(answer: { readonly status: number; readonly headers: object; readonly text: string }): WholeAnswer {
  const headers: Json = JSON.parse(JSON.stringify({ ...answer.headers, date: undefined }));
  return { status: answer.status, headers: isObject(headers) ? headers : {}, text: answer.text };
}
