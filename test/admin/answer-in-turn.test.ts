import { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, it } from "vitest";
import { createAnswerInTurn } from "../../src/admin/http/answer-in-turn.ts";
import { hold } from "../../src/http/held.ts";
import { createHttpRooms } from "../../src/main/http-server.ts";
import type { Operator } from "../../src/operations/operator.ts";
import { person } from "../support/mcp-endpoint.ts";

const rooms = createHttpRooms({ body: 0, answer: 0 });

/** A request of somebody's to the API, whose client can go. */
function asking(name = "ann") {
  const incoming = { socket: { remoteAddress: "127.0.0.1" } } as IncomingMessage;
  const response = new EventEmitter() as ServerResponse;
  hold(incoming, response, rooms);
  const operator = { principal: person(name) } as Operator;
  return { asked: { operator, incoming }, leave: () => response.emit("close") };
}

it("makes no answer for a client that has gone before its turn", async () => {
  const inTurn = createAnswerInTurn();
  const made: string[] = [];
  const answer = (name: string) => async () => {
    made.push(name);
    return new Response(name);
  };
  const clients = ["first", "second", "third"].map((name) => ({ ...asking(), name }));
  const answers = clients.map(({ asked, name }) => inTurn(asked, answer(name)));
  clients[1]?.leave();
  await Promise.all(answers);
  expect(made).toEqual(["first", "third"]);
});

it("tells whoever has many waiting to come again, and nobody else", async () => {
  const inTurn = createAnswerInTurn();
  const answer = async () => new Response("whole");
  const answers = await Promise.all([
    ...Array.from({ length: 20 }, () => inTurn(asking().asked, answer)),
    inTurn(asking("bob").asked, answer),
  ]);
  const refused = answers.filter((one) => !(one instanceof Response));
  expect(refused).toHaveLength(3);
  expect(refused[0]).toMatchObject({ code: "TOO_MANY_OPEN", headers: { "Retry-After": "1" } });
  expect(answers.at(-1)).toBeInstanceOf(Response);
});
