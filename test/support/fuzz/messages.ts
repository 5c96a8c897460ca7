import { type Dice, hostileJson } from "./random-text.ts";

const NOTIFICATIONS = [
  "notifications/progress",
  "notifications/message",
  "notifications/cancelled",
  "notifications/tools/list_changed",
  "notifications/prompts/list_changed",
  "notifications/resources/list_changed",
  "notifications/resources/updated",
  "notifications/subscriptions/acknowledged",
  "notifications/elicitation/complete",
  "notifications/initialized",
  "notifications/nothing",
  "",
  // Names that every object has.
  "constructor",
  "toString",
  "__proto__",
] as const;
const REQUESTS = [
  "elicitation/create",
  "sampling/createMessage",
  "roots/list",
  "ping",
  "tools/call",
  "x",
  "constructor",
  "__proto__",
] as const;

/** Something that nobody asked for. */
export function unsolicited(dice: Dice): string {
  const json = (): string => hostileJson(dice);
  const id = dice.pick(["1", "2", "3", "17", "-1", "1.5", "null", '"x"', '"__proto__"', "{}", "1e400"]);
  return dice.pick([
    () => `{"jsonrpc":"2.0","method":"${dice.pick(NOTIFICATIONS)}","params":${json()}}`,
    () => `{"jsonrpc":"2.0","method":"${dice.pick(NOTIFICATIONS)}","params":{"progressToken":${id},"uri":${json()}}}`,
    () => `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":${json()},"data":${json()}}}`,
    () => `{"jsonrpc":"2.0","id":${id},"method":"${dice.pick(REQUESTS)}","params":${json()}}`,
    () => `{"jsonrpc":"2.0","id":${id},"result":${json()}}`,
    () => `{"jsonrpc":"2.0","id":${id},"error":{"code":${json()},"message":${json()},"data":${json()}}}`,
    () => json(),
  ])();
}

/** An answer to request `id` that is none. */
export function hostileAnswer(dice: Dice, id: string): string {
  const json = hostileJson(dice);
  return dice.pick([
    `{"jsonrpc":"2.0","id":${id},"result":${json}}`,
    `{"result":{"content":${json}},"jsonrpc":"2.0","id":${id}}`,
    `{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":${json}}],"structuredContent":${json}}}`,
    `{"jsonrpc":"2.0","id":${id},"result":{"resultType":"input_required","inputRequests":${json}}}`,
    `{"jsonrpc":"2.0","id":${id},"result":{"resultType":oops,"a":"${"y".repeat(20_000)}"}}`,
    `{"jsonrpc":"2.0","id":${id},"error":{"code":-32000,"message":"m","data":${json}}}`,
    `{"jsonrpc":"2.0","id":${id},"error":${json}}`,
    `{"id":${id},\n"jsonrpc":"2.0","result":${json}}`,
    `{"jsonrpc":"2.0","id":${id},"result":{},"result":${json},"x":{}}`,
    unsolicited(dice),
  ]);
}

/** Half of what is asked for, decently: so that the next request comes. */
export function decentAnswer(dice: Dice, method: string, id: string): string {
  const json = (): string => hostileJson(dice);
  const capabilities = '{"tools":{"listChanged":true},"resources":{"subscribe":true},"prompts":{},"logging":{}}';
  const result = (text: string): string => `{"jsonrpc":"2.0","id":${id},"result":${text}}`;
  switch (method) {
    case "initialize":
      return result(
        `{"protocolVersion":"2025-11-25","capabilities":${capabilities},"serverInfo":{"name":"fuzz","version":"1"}}`,
      );
    case "server/discover":
      return result(`{"supportedVersions":["2026-07-28"],"capabilities":${capabilities},"resultType":"complete"}`);
    case "tools/list": {
      const schema = dice.chance(0.5) ? '{"type":"object"}' : `{"type":"object","properties":{"a":${json()}}}`;
      const tool = (name: string): string => `{"name":${name},"inputSchema":${schema},"annotations":${json()}}`;
      const more = dice.chance(0.3)
        ? `,${Array.from({ length: 3_000 }, (_, at) => `{"name":"t${at}","inputSchema":{}}`)}`
        : "";
      const cursor = dice.chance(0.3) ? `,"nextCursor":${json()}` : "";
      return result(`{"tools":[{"name":"hurt","inputSchema":{"type":"object"}},${tool(json())}${more}]${cursor}}`);
    }
    case "prompts/list":
      return result(`{"prompts":[{"name":"p"},${json()}]}`);
    case "resources/list":
      return result(`{"resources":[{"uri":"fuzz://r","name":"r"},{"uri":${json()}}]}`);
    case "resources/templates/list":
      return result(`{"resourceTemplates":[{"uriTemplate":${json()}}]}`);
    default:
      return result('{"content":[{"type":"text","text":"fine"}],"resultType":"complete"}');
  }
}

/** The texts that answer one request, in the order in which they are sent. Often enough the last one is decent. */
export function answersTo(dice: Dice, method: string, id: string): readonly string[] {
  const texts: string[] = [];
  if (dice.chance(0.3)) texts.push(...Array.from({ length: dice.pick([1, 3, 10]) }, () => unsolicited(dice)));
  if (dice.chance(0.02)) {
    const flood = unsolicited(dice);
    if (flood.length < 500) texts.push(...Array.from({ length: 3_000 }, () => flood));
  }
  // What has to be taken before anything is called.
  const first = method === "initialize" || method === "server/discover" || method === "tools/list";
  if (dice.chance(first ? 0.15 : 0.5)) texts.push(hostileAnswer(dice, id));
  else texts.push(decentAnswer(dice, method, id));
  if (dice.chance(0.1)) texts.push(decentAnswer(dice, method, id));
  return texts;
}
