import type { Json } from "../../core/json.ts";
import type { Seal } from "../../core/seal.ts";
import { storableJson } from "../../store/database/storable.ts";
import type { RegisteredUpstreamRecord } from "../../store/upstreams/registered-upstreams.ts";

/** What the seal of entries is derived for; see `createSeal`. */
export const REGISTERED_UPSTREAMS = "registered-upstreams";

/** Who added an upstream, and when (ms since the epoch). */
export interface Registration {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | undefined;
  readonly at: number;
}

/** An entry with its name and registration, so that no row passes for another one's. It never expires: removal ends it. */
export function sealEntry(seal: Seal, name: string, entry: Json, registration: Registration): string {
  return seal.seal({ name, entry, registered: registeredAs(registration) }, Number.MAX_SAFE_INTEGER);
}

/** The entry of a row; `undefined` where it does not open, or is another's. @throws never */
export function openEntry(seal: Seal, row: RegisteredUpstreamRecord): Json | undefined {
  const { name, issuer, subject, email, registeredAt: at } = row;
  const opened = seal.open(row.entry, 0);
  const registered = registeredAs({ issuer, subject, email, at });
  // Of earlier versions only the name is sealed with it.
  const same = (opened?.["registered"] ?? registered) === registered;
  return opened?.["name"] === name && same ? opened["entry"] : undefined;
}

/** What is sealed of a registration. */
function registeredAs({ issuer, subject, email, at }: Registration): string {
  return storableJson([
    ["issuer", issuer],
    ["subject", subject],
    ["email", email ?? null],
    ["at", at],
  ]);
}
