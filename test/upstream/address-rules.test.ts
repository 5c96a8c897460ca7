import { describe, expect, it } from "vitest";
import { createAddressRules } from "../../src/upstream/addresses/address-rules.ts";

const PUBLIC = createAddressRules({ allowed: [], resolve: () => Promise.reject(new Error("No name is asked for.")) });

describe("an address in a URL", () => {
  it.each([
    ["8.8.8.8", true],
    ["[2606:4700:4700::1111]", true],
    ["[::ffff:8.8.8.8]", true],
    // An IPv4 address as networks without IPv4 reach it.
    ["[64:ff9b::808:808]", true],
    ["127.0.0.1", false],
    ["127.0.0.1.", false],
    ["127.1", false],
    ["2130706433", false],
    ["0177.0.0.1", false],
    ["0x7f.0.0.1", false],
    ["0x7f000001", false],
    ["127.255.255.254", false],
    ["%31%32%37.0.0.1", false],
    ["①②⑦.0.0.1", false],
    ["0", false],
    ["0.0.0.0", false],
    ["10.0.0.1", false],
    ["172.16.0.1", false],
    ["172.31.255.255", false],
    ["192.168.1.1", false],
    ["169.254.169.254", false],
    ["169.254.1.1", false],
    ["168.63.129.16", false],
    ["100.64.0.1", false],
    ["100.100.100.200", false],
    ["192.0.2.1", false],
    ["198.18.0.1", false],
    ["198.51.100.1", false],
    ["203.0.113.1", false],
    ["192.88.99.1", false],
    ["224.0.0.1", false],
    ["240.0.0.1", false],
    ["255.255.255.255", false],
    ["[::1]", false],
    ["[0:0:0:0:0:0:0:1]", false],
    ["[::]", false],
    ["[::ffff:127.0.0.1]", false],
    ["[::ffff:7f00:1]", false],
    ["[::127.0.0.1]", false],
    ["[::ffff:0:127.0.0.1]", false],
    ["[64:ff9b::127.0.0.1]", false],
    ["[64:ff9b::a9fe:a9fe]", false],
    ["[64:ff9b:1::808:808]", false],
    ["[2002:7f00:1::]", false],
    ["[2002:808:808::1]", false],
    ["[2001:0:53aa:64c:0:0:5601:5601]", false],
    ["[fe80::1]", false],
    ["[fec0::1]", false],
    ["[fc00::1]", false],
    ["[fd00:ec2::254]", false],
    ["[ff02::1]", false],
    ["[2001:db8::1]", false],
    ["[3fff::1]", false],
    ["[100::1]", false],
    ["[5f00::1]", false],
    ["[1::1]", false],
  ])("%s: allowed is %s", async (host, allowed) => {
    for (const scheme of ["http", "https"]) {
      expect(await PUBLIC.check(`${scheme}://${host}:8443/mcp`)).toMatchObject({ ok: allowed });
    }
  });
});

describe("what an operator allows", () => {
  it.each([
    ["10.0.0.0/8", "10.1.2.3", true],
    ["10.0.0.0/8", "[::ffff:10.1.2.3]", true],
    ["10.0.0.0/8", "192.168.0.1", false],
    ["127.0.0.1", "127.0.0.1", true],
    ["127.0.0.1", "127.0.0.2", false],
    ["::1", "[::1]", true],
    ["::1", "127.0.0.1", false],
    ["fd00::/8", "[fd12::1]", true],
    ["0.0.0.0/0", "127.0.0.1", true],
    // Not even so: nothing but the machine itself has business there.
    ["169.254.0.0/16", "169.254.7.7", true],
    ["169.254.0.0/16", "169.254.169.254", false],
    ["0.0.0.0/0", "169.254.169.254", false],
    ["0.0.0.0/0", "168.63.129.16", false],
    ["fd00::/8", "[fd00:ec2::254]", false],
    ["::/0", "[fd00:ec2::254]", false],
    ["::/0", "[::ffff:169.254.169.254]", false],
    ["::/0", "[64:ff9b::a9fe:a9fe]", false],
    ["::/0", "[2002:a9fe:a9fe::1]", false],
    ["::/0", "[2001:0:53aa:64c:0:0:5601:5601]", false],
    ["::/0", "[::a9fe:a9fe]", false],
  ])("%s: for %s allowed is %s", async (range, host, allowed) => {
    const rules = createAddressRules({ allowed: [range] });
    expect(await rules.check(`http://${host}/mcp`)).toMatchObject({ ok: allowed });
  });
});

describe("a name in a URL", () => {
  const NAMES: Readonly<Record<string, readonly string[]>> = {
    "public.test": ["8.8.8.8", "2606:4700:4700::1111"],
    localhost: ["::1", "127.0.0.1"],
    "localhost.": ["127.0.0.1"],
    "inside.test": ["10.0.0.7"],
    "inside.test.": ["10.0.0.7"],
    "mixed.test": ["8.8.8.8", "10.0.0.7"],
    "mapped.test": ["::ffff:10.0.0.7"],
    "zone.test": ["fe80::1%eth0"],
    "metadata.test": ["169.254.169.254"],
    "odd.test": ["not an address"],
    "empty.test": [],
  };
  const resolve = (name: string) => {
    const found = NAMES[name];
    if (found === undefined) return Promise.reject(new Error("ENOTFOUND"));
    return Promise.resolve(found.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })));
  };

  it.each([
    ["public.test", [], true],
    ["PUBLIC.test", [], true],
    ["localhost", [], false],
    ["localhost.", [], false],
    ["localhost", ["127.0.0.0/8"], false],
    ["localhost", ["127.0.0.0/8", "::1"], true],
    ["inside.test", [], false],
    ["inside.test", ["inside.test"], true],
    ["inside.test.", ["inside.test"], true],
    ["inside.test", ["INSIDE.test."], true],
    ["inside.test", ["side.test"], false],
    ["inside.test", ["10.0.0.0/24"], true],
    ["mixed.test", [], false],
    ["mixed.test", ["10.0.0.7"], true],
    ["mapped.test", [], false],
    ["zone.test", [], false],
    ["metadata.test", ["metadata.test", "0.0.0.0/0"], false],
    ["odd.test", ["odd.test"], false],
    ["empty.test", ["empty.test"], false],
    ["unknown.test", ["unknown.test"], false],
  ])("%s where %j is allowed: %s", async (name, allowed, expected) => {
    const rules = createAddressRules({ allowed, resolve });
    expect(await rules.check(`https://${name}/mcp`)).toMatchObject({ ok: expected });
  });

  it("is refused in words that do not tell its address", async () => {
    const rules = createAddressRules({ allowed: [], resolve });
    expect(await rules.check("https://inside.test/mcp")).toEqual({
      ok: false,
      why: "Its name leads to a private address.",
    });
    expect(await rules.check("https://metadata.test/mcp")).toEqual({
      ok: false,
      why: "Its name leads to the address of a cloud metadata service, which is never allowed.",
    });
    expect(await rules.check("https://unknown.test/mcp")).toEqual({ ok: false, why: "Its name cannot be resolved." });
  });
});
