import type { IncomingMessage } from "node:http";

/** What a request says of who sends it; see `CredentialRequest` of `identity/`. */
export interface RequestCredential {
  readonly authorization: string | undefined;
  readonly remoteAddress: string;
  readonly forwarded: boolean;
}

/** Reads it off the request. The address is that of the connection, whatever headers claim. */
export function credentialOf({ headers, socket }: IncomingMessage): RequestCredential {
  return {
    authorization: headers.authorization,
    remoteAddress: socket.remoteAddress ?? "",
    forwarded: headers["x-forwarded-for"] !== undefined || headers.forwarded !== undefined,
  };
}
