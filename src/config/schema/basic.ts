import { z } from "zod";
import { readHtpasswd } from "../../core/htpasswd.ts";
import { isPlainAddress } from "../../core/mailbox.ts";
import { plainAddress, text } from "./schema-parts.ts";

const MAX_PROBLEMS = 10;

const user = z.strictObject({
  kind: z.enum(["person", "machine"]).default("person").describe("Whether a person or a program has the password."),
  email: plainAddress.optional().describe("The user's e-mail address. Default: the name, where that is one."),
  roles: z.array(text).default([]).describe("Roles of the user."),
  groups: z.array(text).default([]).describe("Groups of the user."),
});

/** `auth.basic`, HTTP Basic at the MCP endpoint. Taken over while the gateway runs. */
export const basicSchema = z
  .strictObject({
    htpasswd: text
      .max(1_048_576)
      .describe(
        "Users and their passwords, as htpasswd -B writes them (bcrypt; argon2 and apr1, too): a reference to the file, which is read again when it changes.",
      ),
    realm: z
      .string()
      .regex(/^[\x20-\x7e]{1,128}$/, { error: "A realm has 1 to 128 ASCII characters." })
      .default("Portcullis")
      .describe("What clients show to people who are asked for a password."),
    users: z.record(text, user).default({}).describe("What else is known of users of the file, by name."),
  })
  .transform((basic, context) => {
    const { entries, problems } = readHtpasswd(basic.htpasswd);
    for (const { line, message } of problems.slice(0, MAX_PROBLEMS)) {
      context.addIssue({ code: "custom", path: ["htpasswd"], message: `Line ${line} of the users: ${message}` });
    }
    const names = new Set(entries.map(({ name }) => name));
    if (problems.length === 0 && names.size === 0) {
      context.addIssue({ code: "custom", path: ["htpasswd"], message: "There is no user." });
    }
    for (const name of problems.length === 0 ? Object.keys(basic.users) : []) {
      if (names.has(name)) continue;
      context.addIssue({
        code: "custom",
        path: ["users", name],
        message: "The file of users has no user of this name.",
      });
    }
    return {
      realm: basic.realm,
      users: entries.map(({ name, hash }) => {
        const more = Object.hasOwn(basic.users, name) ? basic.users[name] : undefined;
        return {
          name,
          hash,
          kind: more?.kind ?? ("person" as const),
          email: more?.email ?? (isPlainAddress(name) ? name : undefined),
          roles: more?.roles ?? [],
          groups: more?.groups ?? [],
        };
      }),
    };
  });
