import { expect, it } from "vitest";
import { load } from "./helpers.ts";

const PUBLIC = "{ public_url: https://mcp.acme.com, trusted_proxies: [10.0.0.1] }";
const REFUSED = "and those are refused.";
const SLASH = "A slash at the end is all that differs from https://mcp.acme.com/mcp";

it.each<[string, string, string | undefined, string | undefined]>([
  ["nothing", PUBLIC, undefined, undefined],
  ["nothing, on this machine", "{}", undefined, undefined],
  ["nothing, for other machines", "{ host: 0.0.0.0 }", undefined, "public_url is not set."],
  ["the URL of all", PUBLIC, "https://mcp.acme.com/mcp", undefined],
  [
    "the URL of all where public_url ends with a slash",
    PUBLIC.replace(".com", ".com/"),
    "https://mcp.acme.com/mcp",
    undefined,
  ],
  [
    "the URLs of endpoints and the API",
    PUBLIC,
    "[https://mcp.acme.com/mcp/crm, https://mcp.acme.com/mcp/all, https://mcp.acme.com/api/v1]",
    "Clients of /mcp ask their issuer",
  ],
  ["the address of this machine", "{ port: 4000 }", "http://127.0.0.1:4000/mcp", undefined],
  [
    "another than that",
    "{ port: 4000 }",
    "https://mcp.example.com/mcp",
    `URL below http://127.0.0.1:4000, as the metadata says, ${REFUSED}`,
  ],
  ["a URL where the port is not known", "{ port: 0 }", "https://mcp.example.com/mcp", undefined],
  ["a name of the provider's", PUBLIC, "api://portcullis", undefined],
  ["a name of the provider's beside another URL", PUBLIC, "[api://portcullis, https://api.acme.com]", undefined],
  ["another URL", PUBLIC, "https://api.acme.com/", `Clients of /mcp, /mcp/crm, /mcp/all ask their issuer`],
  ["another scheme", PUBLIC, "http://mcp.acme.com/mcp", REFUSED],
  ["the host alone", PUBLIC, "https://mcp.acme.com", undefined],
  ["a slash too many", PUBLIC, "https://mcp.acme.com/mcp/", SLASH],
  ["a slash too many of several", PUBLIC, "[a, https://mcp.acme.com/mcp/crm/]", `${SLASH}/crm`],
  [
    "an endpoint that there is not",
    PUBLIC,
    "[https://mcp.acme.com/mcp, https://mcp.acme.com/mcp/crn]",
    "has this name.",
  ],
])("an audience is %s", (_what, server, audience, expected) => {
  const { loaded } = load(
    `server: ${server}
auth: { jwt: [{ issuer: https://idp.acme.com${audience === undefined ? "" : `, audience: ${audience}`} }] }
upstreams: { crm: { url: https://crm.acme.com/mcp } }
endpoints: { all: { upstreams: [crm] } }
`,
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  const found = loaded.warnings.filter(({ key }) => key.startsWith("auth.jwt[0]")).map(({ message }) => message);
  expect(found).toEqual(expected === undefined ? [] : [expect.stringContaining(expected)]);
});
