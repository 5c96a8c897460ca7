import type { Person } from "../../core/approval.ts";
import { personName } from "../person-name.ts";

/** Somebody by what they are known by. Read from the left whatever letters it begins with: turned round, an address is another one. */
export function PersonLabel({ person }: { readonly person: Pick<Person, "issuer" | "subject" | "email"> }) {
  return <AddressLabel text={personName(person)} />;
}

/** A name by which somebody is known, made harmless already. */
export function AddressLabel({ text }: { readonly text: string }) {
  return <bdi dir="ltr">{text}</bdi>;
}
