import type { IncomingMessage } from "node:http";
import type { ClientAddress } from "./addresses/client-address.ts";

/** What a request says of who sends it; see `CredentialRequest` of `identity/`. */
export interface RequestCredential {
  readonly authorization: string | undefined;
  /** The header that `apiKeyHeader` names. */
  readonly apiKey: string | undefined;
  readonly remoteAddress: string;
  readonly forwarded: boolean;
}

/**
 * Reads it off a request that comes from `from`. `apiKeyHeader`: where keys come besides, in lower case. Node joins lines of
 * one name with a comma, which no key has.
 */
export function credentialOf(
  { headers }: IncomingMessage,
  { ip, forwarded }: ClientAddress,
  apiKeyHeader: string | undefined,
): RequestCredential {
  const apiKey = apiKeyHeader === undefined ? undefined : headers[apiKeyHeader];
  return {
    authorization: headers.authorization,
    apiKey: typeof apiKey === "string" ? apiKey : apiKey?.join(","),
    remoteAddress: ip,
    forwarded,
  };
}
