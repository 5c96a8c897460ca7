import { describe, expect, it } from "vitest";
import { restartNeeded } from "../../src/config/restart-needed.ts";
import { configOf, errorsOf, place } from "./helpers.ts";

const APR1 = "$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/";
const FILES = { users: `ann@acme.com:${APR1}\nrobot:${APR1}\n` };
const basic = (more = "", server = "") => `${server}auth:\n  basic: { htpasswd: "\${file:users}"${more} }\n`;

describe("users with passwords", () => {
  it("come from the file, and what else is known of them from the configuration", () => {
    const config = configOf(basic(", realm: Acme, users: { robot: { kind: machine, roles: [ops] } }"), {}, FILES);
    expect(config.auth.basic).toEqual({
      realm: "Acme",
      users: [
        { name: "ann@acme.com", hash: APR1, kind: "person", email: "ann@acme.com", roles: [], groups: [] },
        { name: "robot", hash: APR1, kind: "machine", email: undefined, roles: ["ops"], groups: [] },
      ],
    });
  });

  it("need no restart", () => {
    const before = configOf(basic(), {}, FILES);
    const after = configOf(basic(), {}, { users: `bob:${APR1}\n` });
    expect(before.auth.basic).not.toEqual(after.auth.basic);
    expect(restartNeeded(before, after)).not.toContain("auth");
    expect(restartNeeded(before, configOf("auth: { anonymous: true }"))).toContain("auth");
  });

  it.each<[string, string, Record<string, string>, string, string]>([
    [
      "plain text",
      basic(),
      { users: "# x\nann:hunter22\n" },
      "auth.basic.htpasswd",
      "Line 2 of the users: This is no hash",
    ],
    ["SHA-1", basic(), { users: "ann:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=\n" }, "auth.basic.htpasswd", "This is SHA"],
    ["nobody", basic(), { users: "# x\n" }, "auth.basic.htpasswd", "There is no user."],
    ["a user that there is not", basic(", users: { eve: {} }"), FILES, "auth.basic.users.eve", "no user of this name"],
    ["a realm of two lines", basic(', realm: "a\\nb"'), FILES, "auth.basic.realm", "ASCII"],
    ["an http URL", basic("", "server: { public_url: http://mcp.acme.com }\n"), FILES, "auth.basic", "unencrypted"],
    ["other machines that connect", basic("", "server: { host: 0.0.0.0 }\n"), FILES, "auth.basic", "unencrypted"],
  ])("are refused with %s", (_what, text, files, where, message) => {
    const { errors, printed } = errorsOf(text, {}, files);
    expect(errors.map((error) => [place(error).split(" ")[1], error.message])).toContainEqual([
      where,
      expect.stringContaining(message),
    ]);
    expect(printed).not.toContain("hunter22");
  });

  it.each([
    "server: { public_url: https://mcp.acme.com, host: 0.0.0.0 }\n",
    "server: { public_url: http://localhost:3000 }\n",
    "",
  ])("are let in where nobody can listen: %j", (server) => {
    expect(configOf(basic("", server), {}, FILES).auth.basic?.users).toHaveLength(2);
  });
});

describe("who may enter an endpoint", () => {
  const endpoint = (auth: string) => `upstreams: { any: { url: "http://127.0.0.1:9/mcp" } }
auth:
  jwt: [{ issuer: https://idp.acme.com }]
  api_keys: [{ name: bot, hash: "sha256:${"0a".repeat(32)}", groups: [bots] }]
endpoints: { ops: { upstreams: [any], auth: ${auth} } }
`;

  it("is one of the ways in that there are", () => {
    expect(configOf(endpoint("[https://idp.acme.com, api_keys, api_keys/bots]")).endpoints[0]?.auth).toHaveLength(3);
  });

  it.each<[string, string]>([
    ["[]", "Name who may enter"],
    ["[api_key]", "Did you mean api_keys?"],
    ["[basic]", "no way in of this name"],
    ["[anonymous]", "no way in of this name"],
    ["[api_keys/boats]", "no way in of this name"],
    ["[https://idp.acme.com/]", "Did you mean https://idp.acme.com?"],
  ])("is refused as %s", (auth, message) => {
    expect(errorsOf(endpoint(auth)).printed).toContain(message);
  });
});
