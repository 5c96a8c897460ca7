import type { ApprovalRequester, Person } from "../../core/approval.ts";
import { harmless } from "../harmless.ts";
import { nameOf } from "../person-name.ts";

/** Somebody with what the gateway knows them by: a name alone could be anybody's. */
export function PersonName({ person }: { readonly person: Person }) {
  const called = nameOf(person);
  const known = harmless(person.email ?? person.subject, MAX).text;
  return (
    <>
      <bdi>{called}</bdi>
      {called === known ? null : (
        <span class="soft">
          {" "}
          <bdi>{known}</bdi>
        </span>
      )}
    </>
  );
}

/** Through what somebody asked. What a program calls itself, nobody has checked. */
export function ClientName({ requester }: { readonly requester: ApprovalRequester }) {
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
