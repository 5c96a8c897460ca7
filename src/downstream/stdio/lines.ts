import { StringDecoder } from "node:string_decoder";

/**
 * Cuts a byte stream into lines of at most `maxBytes`. A longer one is skipped to its end and reported by `onTooLong`,
 * so that one bad message costs an error and not the connection.
 */
export function createLineReader(options: {
  readonly maxBytes: number;
  readonly onLine: (line: string) => void;
  /** Its first and last characters. */
  readonly onTooLong: (head: string, tail: string) => void;
}): (chunk: Buffer) => void {
  const decoder = new StringDecoder("utf8");
  let parts: string[] = [];
  let size = 0;
  let skipped: { readonly head: string; tail: string } | undefined;

  const take = (text: string): void => {
    if (skipped !== undefined) {
      skipped.tail = `${skipped.tail}${text.slice(-EDGE)}`.slice(-EDGE);
      return;
    }
    size += Buffer.byteLength(text);
    if (size <= options.maxBytes) {
      parts.push(text);
      return;
    }
    const line = `${parts.join("")}${text}`;
    skipped = { head: line.slice(0, EDGE), tail: line.slice(-EDGE) };
    parts = [];
  };

  const finish = (): void => {
    const line = parts.join("").trim();
    const tooLong = skipped;
    parts = [];
    size = 0;
    skipped = undefined;
    if (tooLong !== undefined) options.onTooLong(tooLong.head, tooLong.tail);
    else if (line !== "") options.onLine(line);
  };

  return (chunk) => {
    const text = decoder.write(chunk);
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      take(text.slice(start, end));
      finish();
      start = end + 1;
    }
    if (start < text.length) take(text.slice(start));
  };
}

/** What is kept of a line that is too long: its id stands at one of its ends. */
const EDGE = 512;
