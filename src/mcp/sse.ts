/** Server-sent events, both ways. WHATWG HTML "Server-sent events". */

export interface SseEvent {
  /** `message` unless the stream says otherwise. */
  readonly event: string;
  readonly data: string;
  readonly id: string | undefined;
  /** Reconnection time in ms, if this event set one. */
  readonly retryMs: number | undefined;
}

/** Whether an event's id can be sent back in a header, which is what it is for. */
export function isEventId(id: string): boolean {
  return /^[\x20-\x7e]{1,1024}$/.test(id);
}

/** Writes one `message` event. `data` must hold no line break, which JSON text never does. */
export function encodeSse(data: string, id?: string): string {
  return id === undefined ? `event: message\ndata: ${data}\n\n` : `event: message\nid: ${id}\ndata: ${data}\n\n`;
}

/** A comment line, which keeps intermediaries from closing a quiet stream. */
export const SSE_KEEP_ALIVE = ": keep-alive\n\n";

/** A line weighs so much beside its characters: millions of short ones are as much work as megabytes. */
const LINE_WEIGHT = 16;
/** And so does a chunk, whatever it holds. */
const CHUNK_WEIGHT = 64;

/**
 * Decodes a stream of chunks to events. An event larger than `maxBytes` makes `push` answer `false`: the stream must
 * be dropped then, since nothing later in it can be trusted to be whole. So does as much without any data (comments, empty
 * lines, ids, and each chunk by itself) since the last event that had some: nobody counts what is no message.
 */
export function createSseDecoder(options: {
  readonly maxBytes: number;
  /** Names of events whose data counts; of others there is none. Default: all. */
  readonly names?: ReadonlySet<string>;
  onEvent(event: SseEvent): void;
}): {
  push(chunk: Uint8Array): boolean;
} {
  const decoder = new TextDecoder();
  // The pieces of a line that is not complete: joined once, so that a long line costs no more than its length.
  let pieces: string[] = [];
  let piecesLength = 0;
  let afterCr = false;
  let event = "message";
  let data: string[] = [];
  let dataLength = 0;
  let idleLength = 0;
  let id: string | undefined;
  let retryMs: number | undefined;

  const dispatch = (): void => {
    // An event without data only moves the id, as the standard says; our priming events rely on it.
    const text = options.names?.has(event) === false ? "" : data.join("\n");
    if (data.length > 0 || retryMs !== undefined || id !== undefined)
      options.onEvent({ event, data: text, id, retryMs });
    idleLength = text === "" ? idleLength + dataLength : 0;
    event = "message";
    data = [];
    dataLength = 0;
    id = undefined;
    retryMs = undefined;
  };

  const line = (text: string): void => {
    idleLength += text.length + LINE_WEIGHT;
    if (text === "") {
      dispatch();
      return;
    }
    const colon = text.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? text : text.slice(0, colon);
    const rest = colon < 0 ? "" : text.slice(colon + 1);
    const value = rest.startsWith(" ") ? rest.slice(1) : rest;
    if (field === "data") {
      data.push(value);
      idleLength -= text.length + LINE_WEIGHT;
      dataLength += value.length + LINE_WEIGHT;
    } else if (field === "event") event = value;
    else if (field === "id" && !value.includes("\0")) id = value;
    else if (field === "retry" && /^\d{1,9}$/.test(value)) retryMs = Number(value);
  };

  return {
    push(chunk) {
      const text = decoder.decode(chunk, { stream: true });
      idleLength += CHUNK_WEIGHT;
      if (text === "") return idleLength <= options.maxBytes;
      // The line feed of a CRLF that was cut in two by the chunks.
      let start = afterCr && text.charCodeAt(0) === 10 ? 1 : 0;
      afterCr = false;
      let lf = text.indexOf("\n", start);
      let cr = text.indexOf("\r", start);
      while (lf >= 0 || cr >= 0) {
        const isCr = lf < 0 || (cr >= 0 && cr < lf);
        const at = isCr ? cr : lf;
        const rest = text.slice(start, at);
        line(pieces.length === 0 ? rest : pieces.join("") + rest);
        pieces = [];
        piecesLength = 0;
        if (dataLength > options.maxBytes || idleLength > options.maxBytes) return false;
        start = isCr && lf === at + 1 ? at + 2 : at + 1;
        afterCr = isCr && start === text.length && text.charCodeAt(at) === 13 && lf !== at + 1;
        if (lf >= 0 && lf < start) lf = text.indexOf("\n", start);
        if (cr >= 0 && cr < start) cr = text.indexOf("\r", start);
      }
      if (start < text.length) {
        pieces.push(text.slice(start));
        piecesLength += text.length - start;
        // A line that comes byte by byte must not cost a hundred times its size.
        if (pieces.length > 64 + piecesLength / 64) pieces = [pieces.join("")];
      }
      return piecesLength + dataLength <= options.maxBytes && idleLength <= options.maxBytes;
    },
  };
}
