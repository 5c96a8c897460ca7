import type { IncomingMessage } from "node:http";
import { DearWorks } from "../../core/dear-work.ts";
import { refuse } from "../../core/errors.ts";
import { personKey } from "../../core/principal.ts";
import { untilOver } from "../../http/held.ts";
import type { Operator } from "../../operations/operator.ts";
import type { Refused } from "./problem.ts";

/** Who asked for an answer, and by which request. */
export interface From {
  readonly operator: Operator;
  readonly incoming: IncomingMessage;
}

/** Makes an answer when it is its turn; whoever has many waiting is told to come again. @throws what `answer` throws */
export type AnswerInTurn = (by: From, answer: () => Promise<Response>) => Promise<Response | Refused>;

/** For answers that may be megabytes: of one person one is made at a time, and none for a client that has gone. */
export function createAnswerInTurn(): AnswerInTurn {
  const works = new DearWorks();
  return async ({ operator, incoming }, answer) => {
    const made = await works.take(personKey(operator.principal), untilOver(incoming), answer);
    // Where the client has gone, nobody reads this.
    return made.kind === "done" ? made.value : { ...refuse("TOO_MANY_OPEN"), headers: { "Retry-After": "1" } };
  };
}
