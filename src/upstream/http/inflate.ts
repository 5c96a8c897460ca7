import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";

/** What comes out of a compressed answer. After `onEnd` or `onError` nothing more does. */
export interface InflaterEvents {
  onData(chunk: Buffer): void;
  onEnd(): void;
  onError(error: Error): void;
  /** More comes to nothing than is taken. */
  onBarren(): void;
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

/** A piece that comes weighs so much besides its bytes, and one that comes out pays for one. */
const PIECE_WEIGHT = 64;
/** A byte that comes out pays for so many: those that are packed one by one take about ten each. */
const PAYS_FOR = 16;

/**
 * Opens one for a `Content-Encoding`; `undefined` for one that is not known here, or several. Empty blocks, members without
 * content and what stands in heads come out as nothing, however many they are: of such at most `maxBarren` bytes are taken.
 */
export function openInflater(encoding: string, maxBarren: number, events: InflaterEvents): Inflater | undefined {
  const coding = encoding.trim().toLowerCase();
  const create = Object.hasOwn(CODINGS, coding) ? CODINGS[coding as keyof typeof CODINGS] : undefined;
  if (create === undefined) return undefined;
  const stream = create();
  let over = false;
  let left = maxBarren;
  stream.on("data", (chunk: Buffer) => {
    left = Math.min(maxBarren, left + chunk.length * PAYS_FOR + PIECE_WEIGHT);
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
    push(chunk) {
      if (over) return true;
      left -= chunk.length + PIECE_WEIGHT;
      if (left >= 0) return stream.write(chunk);
      over = true;
      stream.destroy();
      events.onBarren();
      return true;
    },
    end: () => void stream.end(),
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    drop() {
      over = true;
      stream.destroy();
    },
  };
}
