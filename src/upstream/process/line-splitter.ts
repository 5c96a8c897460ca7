/** Cuts a byte stream into lines, empty ones too, none of them longer than `maxBytes`; longer ones are skipped and reported. */
export function createLineSplitter(options: {
  readonly maxBytes: number;
  onLine(line: Buffer): void;
  /** The first and last bytes of a line that was too long. */
  onOversize(edges: Buffer): void;
}): (chunk: Buffer) => void {
  const { maxBytes, onLine, onOversize } = options;
  let parts: Buffer[] = [];
  let size = 0;
  let skipping: { readonly head: Buffer; tail: Buffer } | undefined;

  const add = (piece: Buffer): void => {
    if (skipping !== undefined) {
      skipping.tail = lastBytes(Buffer.concat([skipping.tail, lastBytes(piece)]));
      return;
    }
    parts.push(piece);
    size += piece.length;
    if (size <= maxBytes) {
      // A line that comes byte by byte must not cost a hundred times its size.
      if (parts.length > MIN_PARTS + size / BYTES_PER_PART) parts = [Buffer.concat(parts, size)];
      return;
    }
    const whole = Buffer.concat(parts, size);
    skipping = { head: Buffer.from(whole.subarray(0, EDGE)), tail: Buffer.from(lastBytes(whole)) };
    parts = [];
    size = 0;
  };

  const end = (): void => {
    if (skipping !== undefined) {
      const { head, tail } = skipping;
      skipping = undefined;
      onOversize(Buffer.concat([head, tail]));
      return;
    }
    const [only] = parts;
    const line = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts, size);
    parts = [];
    size = 0;
    const trimmed = line[line.length - 1] === 0x0d ? line.subarray(0, line.length - 1) : line;
    onLine(trimmed);
  };

  return (chunk) => {
    let from = 0;
    for (;;) {
      const at = chunk.indexOf(0x0a, from);
      if (at < 0) break;
      if (at > from) add(chunk.subarray(from, at));
      end();
      from = at + 1;
    }
    if (from < chunk.length) add(chunk.subarray(from));
  };
}

const EDGE = 64;
const MIN_PARTS = 64;
const BYTES_PER_PART = 64;

function lastBytes(bytes: Buffer): Buffer {
  return bytes.length <= EDGE ? bytes : bytes.subarray(bytes.length - EDGE);
}
