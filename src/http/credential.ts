import type { IncomingMessage } from "node:http";
import type { ClientAddress } from "./addresses/client-address.ts";

/** What a request says of who sends it; see `CredentialRequest` of `identity/`. */
export interface RequestCredential {
  readonly authorization: string | undefined;
  readonly remoteAddress: string;
  readonly forwarded: boolean;
}

/** Reads it off a request that comes from `from`. */
export function credentialOf({ headers }: IncomingMessage, { ip, forwarded }: ClientAddress): RequestCredential {
  return { authorization: headers.authorization, remoteAddress: ip, forwarded };
}
