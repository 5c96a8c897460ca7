import { asEscape, escapeForDisplay } from "../../core/display.ts";
/**
 * Prints text by text, waiting where the reader is slower, so that an export of any size needs little memory. Answers
 * `false` once the reader has gone (`… | head`): then there is nothing left to do. @throws other faults of the stream
 */
export async function print(output: NodeJS.WritableStream, texts: AsyncIterable<string>): Promise<boolean> {
  let fault: Error | undefined;
  let wake: () => void = () => {};
  const onError = (err: Error): void => {
    fault ??= err;
    wake();
  };
  const onDrain = (): void => wake();
  output.on("error", onError);
  output.on("drain", onDrain);
  try {
    for await (const text of texts) {
      if (fault !== undefined) break;
      const drained = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (!output.write(text)) await drained;
    }
    // The last write may still fail; what follows it hears of that, before or after the event.
    if (fault === undefined) {
      await new Promise<void>((resolve) => {
        output.write("", (err) => {
          fault ??= err ?? undefined;
          resolve();
        });
      });
    }
  } finally {
    output.off("drain", onDrain);
    // Left in place when the reader has gone: the stream may complain once more, and nobody else listens.
    if (fault === undefined) output.off("error", onError);
  }
  if (fault === undefined) return true;
  if ("code" in fault && (fault.code === "EPIPE" || fault.code === "ERR_STREAM_DESTROYED")) return false;
  throw fault;
}

/** One text for `print`. */
export async function* one(text: string): AsyncGenerator<string> {
  yield text;
}

/** Text from outside, as a terminal may show it: what nobody sees stands as `\u{…}`. */
export function plainText(text: string): string {
  return escapeForDisplay(text, asEscape);
}

/** A text of at most `max` UTF-16 units: what is cut off is an ellipsis. */
export function clip(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}

const COLOURS = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const;
export type Colour = keyof typeof COLOURS;

/** A function that colours text, or leaves it alone where colours do not show. */
export function painter(colours: boolean): (colour: Colour, text: string) => string {
  return (colour, text) => (colours ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text);
}

/** Whether somebody watches this stream. */
export function isTerminal(output: NodeJS.WritableStream): boolean {
  return "isTTY" in output && output.isTTY === true;
}
