import type { ServerResponse } from "node:http";

/**
 * Calls `listener` once all of a response has been handed to a connection that stood to the last byte. To be called
 * before the response is ended. That the client has read it nobody can know; that it had gone, this does.
 */
export function onWritten(outgoing: ServerResponse, listener: () => void): void {
  // Before Node's own listener, which takes the socket away; the event alone comes for a broken connection, too.
  outgoing.prependOnceListener("finish", () => {
    if (outgoing.socket?.destroyed === false) listener();
  });
}
