import type { DeliveryClass } from "./delivery-class.ts";

/** The way back for one request: any number of messages, then one end. What comes after the end is dropped. */
export interface Reply {
  /** Whether messages before the end can reach the client at all. */
  readonly streams: boolean;
  readonly ended: boolean;
  /** Sends a notification or a server's request. Whether it was taken. */
  send(message: string, delivery?: DeliveryClass): boolean;
  /**
   * Ends with the response. `status` counts where nothing was sent before. `written` is called once all of the response
   * has left while the client was there, and never if it had gone.
   */
  end(message: Buffer, status?: number, written?: () => void): void;
  /**
   * Ends with an HTTP status that asks for another token. `false` where that cannot be said (not over HTTP, among others
   * in a batch, after something was streamed): then nothing has happened.
   */
  endUnauthorized(message: Buffer, status: 401 | 403, authenticate: string): boolean;
  /** Ends without a response: the request was cancelled. */
  endEmpty(): void;
}
