import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";

/** What comes out of a compressed answer. After `onEnd` or `onError` nothing more does. */
export interface InflaterEvents {
  onData(chunk: Buffer): void;
  onEnd(): void;
  onError(error: Error): void;
  /** There is room for more after `push` said that there is none. */
  onDrain(): void;
}

/** Takes a compressed answer apart, piece by piece. */
export interface Inflater {
  /** Whether there is room for more at once. */
  push(chunk: Buffer): boolean;
  end(): void;
  /** Nothing comes out until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends it; nothing more comes out. */
  drop(): void;
}

/** Content codings of RFC 9110 §8.4.1, and that of RFC 7932. */
const CODINGS = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
} as const;

/** Opens one for a `Content-Encoding`; `undefined` for one that is not known here, or several. */
export function openInflater(encoding: string, events: InflaterEvents): Inflater | undefined {
  const coding = encoding.trim().toLowerCase();
  const create = Object.hasOwn(CODINGS, coding) ? CODINGS[coding as keyof typeof CODINGS] : undefined;
  if (create === undefined) return undefined;
  const stream = create();
  let over = false;
  stream.on("data", (chunk: Buffer) => {
    if (!over) events.onData(chunk);
  });
  stream.on("drain", () => {
    if (!over) events.onDrain();
  });
  stream.once("end", () => {
    if (over) return;
    over = true;
    events.onEnd();
  });
  stream.on("error", (error) => {
    if (over) return;
    over = true;
    events.onError(error);
  });
  return {
    push: (chunk) => over || stream.write(chunk),
    end: () => void stream.end(),
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    drop() {
      over = true;
      stream.destroy();
    },
  };
}
