import type { ApprovalRequester, Person } from "../../core/approval.ts";
import { PersonLabel } from "../components/person-label.tsx";
import { harmless } from "../harmless.ts";
import { personName } from "../person-name.ts";

/** Somebody by what the gateway knows them by, and their name: alone that could be anybody's. */
export function PersonName({ person }: { readonly person: Person }) {
  const { name, subject } = person;
  const known = personName(person);
  return (
    <>
      <PersonLabel person={person} />
      {name === undefined || name === known || name === subject ? null : (
        <span class="soft">
          {" "}
          <bdi>{harmless(name, MAX).text}</bdi>
        </span>
      )}
    </>
  );
}

/** Through what somebody asked. What a program calls itself, nobody has checked. */
export function ClientLabel({ requester }: { readonly requester: ApprovalRequester }) {
  const { clientId, clientName } = requester;
  return (
    <>
      {clientId === undefined ? null : <bdi>{harmless(clientId, MAX).text}</bdi>}
      <span class="soft">
        {clientId === undefined ? "" : ", "}
        {clientName === "" ? (
          "a program that gives no name"
        ) : (
          <>
            a program that calls itself “<bdi>{harmless(clientName, MAX).text}</bdi>” (not verified)
          </>
        )}
      </span>
    </>
  );
}

const MAX = 120;
