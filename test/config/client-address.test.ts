import { describe, expect, it } from "vitest";
import { whyNoClientAddress } from "../../src/config/checks/client-address.ts";
import { serverSchema } from "../../src/config/schema/server.ts";

const HTTPS = "https://mcp.acme.com";

describe("whether clients' addresses can be told", () => {
  it.each<[string, object, boolean]>([
    ["the defaults", {}, false],
    ["loopback", { host: "127.0.0.1" }, false],
    ["loopback in IPv6", { host: "::1" }, false],
    ["loopback by name", { host: "localhost" }, false],
    ["a private address", { host: "10.1.2.3" }, false],
    ["a private address in IPv6", { host: "fd00::1" }, false],
    ["every interface", { host: "0.0.0.0" }, false],
    ["every interface in IPv6", { host: "::" }, false],
    ["a name that could lead anywhere", { host: "gateway" }, false],
    ["a public address", { host: "198.51.100.7" }, false],
    ["a public address, and nothing in front", { host: "93.184.216.34" }, true],
    ["a public address, and TLS in front", { host: "93.184.216.34", public_url: HTTPS }, false],
    ["loopback, and a proxy", { trusted_proxies: ["loopback"] }, true],
    ["loopback, TLS and a proxy", { public_url: HTTPS, trusted_proxies: ["127.0.0.1"] }, true],
    ["every interface, and clients that connect directly", { host: "0.0.0.0", trusted_proxies: [] }, true],
    ["TLS in front of nobody", { public_url: HTTPS, trusted_proxies: [] }, false],
  ])("follows from %s: %j", (_, server, known) => {
    expect(whyNoClientAddress(serverSchema.parse(server)) === undefined).toBe(known);
  });
});

describe("server.trusted_proxies", () => {
  it.each(["127.0.0.1", "10.0.0.0/8", "192.168.1.1/32", "::1", "fd00::/8", "2001:db8::/32", "loopback", "private"])(
    "may name %s",
    (entry) => {
      expect(serverSchema.safeParse({ trusted_proxies: [entry] }).success).toBe(true);
    },
  );

  it.each([
    ["everybody", "0.0.0.0/0"],
    ["half of everybody", "128.0.0.0/1"],
    ["everybody in IPv6", "::/0"],
    ["a name", "proxy.acme.com"],
    ["a URL", "http://10.0.0.1"],
    ["a part of an address", "10.0"],
    ["too many bits", "10.0.0.0/33"],
    ["IPv4 that would fit nobody", "::ffff:10.0.0.0/104"],
    ["a member of every object", "constructor"],
    ["nothing", ""],
    ["what several proxies in one text would be", "10.0.0.1, 10.0.0.2"],
  ])("may not name %s", (_, entry) => {
    expect(serverSchema.safeParse({ trusted_proxies: [entry] }).success).toBe(false);
  });
});
