import { z } from "zod";
import { plainAddress, text } from "./schema-parts.ts";

const identity = z
  .strictObject({
    issuer: text.optional().describe("An issuer of auth.jwt; with subject."),
    subject: text.optional().describe("The subject (sub) there."),
    key: text.optional().describe("The name of a key of auth.api_keys."),
    email: plainAddress.optional().describe("An e-mail address; it counts where its issuer may say it."),
  })
  .refine(
    ({ issuer, subject, key, email }) =>
      (issuer === undefined) === (subject === undefined) &&
      [subject, key, email].filter((part) => part !== undefined).length === 1,
    { error: "Write exactly one of issuer with subject, key, and email." },
  );

/** `people:`, whose credentials are one person's. */
export const peopleSchema = z.array(
  z.strictObject({
    name: text.max(200).describe("What the person is called here: no other entry has the same."),
    identities: z.array(identity).min(1).describe("The credentials by which this one person comes."),
  }),
);
