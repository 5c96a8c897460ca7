/** Server-sent events, both ways. WHATWG HTML "Server-sent events". */

export interface SseEvent {
  /** `message` unless the stream says otherwise. */
  readonly event: string;
  readonly data: string;
  readonly id: string | undefined;
  /** Reconnection time in ms, if this event set one. */
  readonly retryMs: number | undefined;
}

/** Writes one `message` event. `data` must hold no line break, which JSON text never does. */
export function encodeSse(data: string, id?: string): string {
  return id === undefined ? `event: message\ndata: ${data}\n\n` : `event: message\nid: ${id}\ndata: ${data}\n\n`;
}

/** A comment line, which keeps intermediaries from closing a quiet stream. */
export const SSE_KEEP_ALIVE = ": keep-alive\n\n";

/**
 * Decodes a stream of chunks to events. An event larger than `maxBytes` makes `push` answer `false`: the stream must
 * be dropped then, since nothing later in it can be trusted to be whole.
 */
export function createSseDecoder(options: { readonly maxBytes: number; onEvent(event: SseEvent): void }): {
  push(chunk: Uint8Array): boolean;
} {
  const decoder = new TextDecoder();
  let buffered = "";
  let event = "message";
  let data: string[] = [];
  let dataLength = 0;
  let id: string | undefined;
  let retryMs: number | undefined;

  const dispatch = (): void => {
    // An event without data only moves the id, as the standard says; our priming events rely on it.
    if (data.length > 0 || retryMs !== undefined || id !== undefined) {
      options.onEvent({ event, data: data.join("\n"), id, retryMs });
    }
    event = "message";
    data = [];
    dataLength = 0;
    id = undefined;
    retryMs = undefined;
  };

  const line = (text: string): void => {
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
      dataLength += value.length;
    } else if (field === "event") event = value;
    else if (field === "id" && !value.includes("\0")) id = value;
    else if (field === "retry" && /^\d{1,9}$/.test(value)) retryMs = Number(value);
  };

  return {
    push(chunk) {
      buffered += decoder.decode(chunk, { stream: true });
      let start = 0;
      for (;;) {
        const end = nextLineEnd(buffered, start);
        if (end === undefined) break;
        line(buffered.slice(start, end.at));
        start = end.next;
        if (dataLength > options.maxBytes) return false;
      }
      buffered = buffered.slice(start);
      return buffered.length + dataLength <= options.maxBytes;
    },
  };
}

// A lone CR at the very end may be half of a CRLF: wait for the next chunk.
function nextLineEnd(text: string, from: number): { at: number; next: number } | undefined {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 10) return { at, next: at + 1 };
    if (code === 13) {
      if (at + 1 === text.length) return undefined;
      return { at, next: text.charCodeAt(at + 1) === 10 ? at + 2 : at + 1 };
    }
  }
  return undefined;
}
