import { StringDecoder } from "node:string_decoder";

/**
 * Cuts a byte stream into lines of at most `maxBytes`. A longer one is skipped to its end and reported by `onTooLong`,
 * so that one bad message costs an error and not the connection.
 */
export function createLineReader(options: {
  readonly maxBytes: number;
  readonly onLine: (line: string) => void;
  readonly onTooLong: () => void;
}): (chunk: Buffer) => void {
  const decoder = new StringDecoder("utf8");
  let parts: string[] = [];
  let size = 0;
  let skipping = false;

  const take = (text: string): void => {
    if (skipping) return;
    size += Buffer.byteLength(text);
    if (size <= options.maxBytes) {
      parts.push(text);
      return;
    }
    skipping = true;
    parts = [];
    options.onTooLong();
  };

  const finish = (): void => {
    const line = parts.join("").trim();
    const skipped = skipping;
    parts = [];
    size = 0;
    skipping = false;
    if (!skipped && line !== "") options.onLine(line);
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
