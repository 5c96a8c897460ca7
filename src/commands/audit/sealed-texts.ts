import { APPROVALS, createSealedTexts } from "../../approvals/lifecycle/sealed-parts.ts";
import { createSeal } from "../../core/seal.ts";
import { openEntry, REGISTERED_UPSTREAMS } from "../../operations/upstreams/registration.ts";
import type { SealedText } from "../../store/record/sealed-texts.ts";

/** Makes the test whether an encrypted text opens, under one of these secrets, as what it is stored as. Tells nothing of what it says. */
export function opensUnder(secrets: readonly Uint8Array[]): (sealed: SealedText) => boolean {
  const approvals = secrets.map((secret) => createSealedTexts(createSeal(secret, APPROVALS)));
  const upstreams = secrets.map((secret) => createSeal(secret, REGISTERED_UPSTREAMS));
  return (sealed) =>
    sealed.kind === "approval"
      ? approvals.some((texts) => texts.opens(sealed.id, sealed.part, sealed.text))
      : upstreams.some((seal) => openEntry(seal, sealed.record) !== undefined);
}
