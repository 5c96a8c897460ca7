import { expect, it } from "vitest";
import { CallList } from "../../src/console/activity/call-list.tsx";
import { PersonName } from "../../src/console/approvals/person.tsx";
import { PersonLabel } from "../../src/console/components/person-label.tsx";
import { auditEntry } from "../support/audit-entry.ts";

/** The cell of who called. */
function whoIn(list: string): string {
  return /<bdi[^>]*>[^<]*<\/bdi>/.exec(list)?.[0] ?? list;
}

// In a context that goes by the first letter, it would be read as example.com@…
const email = "\u0645\u062d\u0645\u062f@example.com";
const person = { issuer: "https://idp.example", subject: "u-1", email, name: undefined };

it.each([
  ["in a list", String(<PersonLabel person={person} />)],
  ["on a request", String(<PersonName person={{ ...person, name: undefined }} />)],
  ["in the record", whoIn(String(<CallList entries={[auditEntry({ actorEmail: email })]} now={0} />))],
])("an address is read from the left: %s", (_, html) => {
  expect(html).toBe(`<bdi dir="ltr">${email}</bdi>`);
});
