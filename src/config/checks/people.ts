import type { JsonObject } from "../../core/json.ts";
import { nameForms } from "../../core/mailbox.ts";
import { BASIC_ISSUER, LOCAL_ISSUER } from "../../core/principal.ts";
import type { ConfigIssue } from "../file/issues.ts";
import { listOf, objectOf, repeatedNames, textOf } from "./raw-values.ts";

/** Checks that what `people:` names is there, and belongs to one person. Takes nothing for granted about shapes. */
export function checkPeople(config: JsonObject): ConfigIssue[] {
  const people = listOf(config["people"]).map(objectOf);
  const auth = objectOf(config["auth"]);
  const keys = listOf(auth["api_keys"]).map(objectOf);
  const issuers = [
    ...listOf(auth["jwt"]).map((issuer) => textOf(objectOf(issuer)["issuer"])),
    BASIC_ISSUER,
    LOCAL_ISSUER,
  ];
  const owners = new Map<string, number>();
  const found: ConfigIssue[] = repeatedNames(people, "name").map((index) => ({
    path: ["people", index, "name"],
    at: "value",
    message: "Another person has the same name.",
    hint: "Put the identities of one person into one entry.",
  }));
  people.forEach((person, index) => {
    listOf(person["identities"]).forEach((entry, place) => {
      const { issuer, subject, key, email } = objectOf(entry);
      const at = (field: string, message: string, hint?: string) =>
        found.push({ path: ["people", index, "identities", place, field], at: "value", message, hint });
      const owner = keys.find(({ name }) => name !== undefined && name === key);
      if (typeof key === "string" && owner === undefined)
        at("key", "There is no key of this name.", "Name one of auth.api_keys.");
      if (typeof issuer === "string" && !issuers.includes(issuer)) {
        at("issuer", "There is no such issuer.", "Write it as in auth.jwt, character by character.");
      }
      // Two keys of one user are one credential here: both come as that user.
      const id =
        owner === undefined
          ? { issuer, subject, email: textOf(email) && nameForms(textOf(email) ?? "")[0] }
          : { user: owner["user"] ?? owner["name"] };
      const text = JSON.stringify(id);
      const before = owners.get(text) ?? index;
      if (before !== index)
        at(
          key === undefined ? (email === undefined ? "subject" : "email") : "key",
          "This belongs to another person already.",
        );
      owners.set(text, before);
    });
  });
  return found;
}
