const NOTHING = Buffer.alloc(0);
const MIN_CHUNKS = 64;
const BYTES_PER_CHUNK = 64;
/** A piece of a body weighs so much: a byte in a chunk of its own is as much work as many. */
const PIECE_WEIGHT = 64;

/** Collects the body of one response, bounded in size and in pieces. */
export class BodyBuffer {
  readonly #maxBytes: number;
  #chunk: Buffer = NOTHING;
  #chunks: Buffer[] | undefined;
  #size = 0;
  #pieces = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes the next piece; whether the body still is within bounds. */
  push(chunk: Buffer): boolean {
    this.#size += chunk.length;
    this.#pieces++;
    if (this.#size > this.#maxBytes || this.#pieces * PIECE_WEIGHT > this.#maxBytes) return false;
    if (this.#chunk === NOTHING) {
      this.#chunk = chunk;
      return true;
    }
    this.#chunks ??= [this.#chunk];
    this.#chunks.push(chunk);
    // A body that comes byte by byte must not cost a hundred times its size.
    if (this.#chunks.length > MIN_CHUNKS + this.#size / BYTES_PER_CHUNK) {
      this.#chunks = [Buffer.concat(this.#chunks, this.#size)];
    }
    return true;
  }

  /** All of it. */
  whole(): Buffer {
    return this.#chunks === undefined ? this.#chunk : Buffer.concat(this.#chunks, this.#size);
  }
}
