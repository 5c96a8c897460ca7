import { ANSWER } from "../delivery-class.ts";
import type { Reply } from "../reply.ts";

/** The replies of one batch: they share a response, which ends with the last of them. 2025-03-26 basic, "Batching" */
export function batchReplies(count: number, parent: Reply): readonly Reply[] {
  const answers: Buffer[] = [];
  const told: Array<() => void> = [];
  const written = (): void => {
    for (const onWritten of told) onWritten();
  };
  let streamed = false;
  let left = count;
  const settle = (): void => {
    left -= 1;
    if (left > 0) return;
    if (answers.length === 0) parent.endEmpty();
    else if (streamed) {
      const last = answers.pop();
      for (const answer of answers) parent.send(answer.toString(), ANSWER);
      if (last !== undefined) parent.end(last, 200, written);
    } else parent.end(Buffer.from(`[${answers.map((answer) => answer.toString()).join(",")}]`), 200, written);
  };
  const one = (): Reply => {
    let ended = false;
    return {
      streams: parent.streams,
      get ended() {
        return ended;
      },
      send(message, delivery) {
        if (ended || !parent.send(message, delivery)) return false;
        streamed = true;
        return true;
      },
      end(message, _status, onWritten) {
        if (ended) return;
        ended = true;
        answers.push(message);
        if (onWritten !== undefined) told.push(onWritten);
        settle();
      },
      endUnauthorized: () => false,
      endEmpty() {
        if (ended) return;
        ended = true;
        settle();
      },
    };
  };
  return Array.from({ length: count }, one);
}
