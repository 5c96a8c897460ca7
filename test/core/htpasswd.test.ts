import { describe, expect, it } from "vitest";
import { readHtpasswd } from "../../src/core/htpasswd.ts";

const BCRYPT = `$2y$05$${"a".repeat(53)}`;
const ARGON2 = "$argon2id$v=19$m=19456,t=2,p=1$vlUnkUYaR581O0c4LMT4KA$71b8T+xnzC4xQ0dHZjxeemlh0vxdIK6C3tVhvkETlDI";
const APR1 = "$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/";

describe("a file of users", () => {
  it.each<[string, string]>([
    ["bcrypt", BCRYPT],
    ["bcrypt of 2b", BCRYPT.replace("2y", "2b")],
    ["argon2", ARGON2],
    ["apr1", APR1],
  ])("may have hashes of %s", (_what, hash) => {
    expect(readHtpasswd(`# users\n\nann:${hash}\r\nböb@acme.com:${hash} \n`)).toEqual({
      entries: [
        { name: "ann", hash },
        { name: "böb@acme.com", hash },
      ],
      problems: [],
    });
  });

  it.each<[string, string, string]>([
    ["plain text", "ann:hunter22", "plain text"],
    ["an empty password", "ann:", "plain text"],
    ["crypt", "ann:rqXexS6ZhobKA", "plain text"],
    ["SHA-1", "ann:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=", "SHA"],
    ["salted SHA-1", "ann:{SSHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=", "SHA"],
    ["MD5 of crypt", "ann:$1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/", "not known"],
    ["SHA-512 of crypt", "ann:$6$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/", "not known"],
    ["bcrypt of a cost that takes seconds", `ann:${BCRYPT.replace("$05$", "$15$")}`, "cost"],
    ["bcrypt of no cost", `ann:${BCRYPT.replace("$05$", "$03$")}`, "cost"],
    ["half a hash", `ann:${BCRYPT.slice(0, -1)}`, "begins like"],
    ["argon2 of gigabytes", `ann:${ARGON2.replace("19456", "4194304")}`, "argon2 has"],
    ["argon2 of many passes", `ann:${ARGON2.replace("t=2", "t=999")}`, "argon2 has"],
    ["argon2 of no passes", `ann:${ARGON2.replace("t=2", "t=0")}`, "argon2 has"],
    ["argon2 of an old version", `ann:${ARGON2.replace("v=19", "v=16")}`, "begins like"],
    ["a line without a colon", "hunter22", "no colon"],
    ["no name", `:${APR1}`, "name"],
    ["a name with a blank before it", ` ann:${APR1}`, "name"],
    ["a name with a NUL", `a\0n:${APR1}`, "name"],
    ["a very long name", `${"a".repeat(129)}:${APR1}`, "name"],
    ["one user twice", `ann:${APR1}\nann:${BCRYPT}`, "already"],
  ])("is refused with %s, and says nothing of what stands there", (_what, text, why) => {
    const { problems } = readHtpasswd(`# users\n${text}`);
    expect(problems).toEqual([{ line: text.includes("\n") ? 3 : 2, message: expect.stringContaining(why) }]);
    expect(JSON.stringify(problems)).not.toContain("hunter22");
    expect(JSON.stringify(problems)).not.toContain("h9FWgUz3n9");
  });
});
