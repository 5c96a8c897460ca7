import { describe, expect, it } from "vitest";
import { checkAgainstTools } from "../../src/policy/check/tools.ts";

function warningsOf(when: string): readonly string[] {
  const text = `policies: [{ id: p, when: ${JSON.stringify(when)}, then: { deny: {} } }]`;
  const tool = { upstream: "s", name: "t", definition: { name: "t", inputSchema: { type: "object" } } };
  const { errors, warnings } = checkAgainstTools([{ name: "p.yaml", text }], [tool]);
  expect([when, errors]).toEqual([when, []]);
  return warnings.map(({ message, hint }) => `${message} ${hint}`);
}

describe("a test of a part of the client's address", () => {
  it.each([
    ['client.ip.startsWith("10.1")', "10.10.0.86"],
    ['client.ip.startsWith("192.168.1")', "192.168.10.86"],
    ['client.ip.startsWith("172.16")', "172.160.0.86"],
    ['client.ip.startsWith("10")', "100.0.0.86"],
    ['client.ip.startsWith("10.0.0.1")', "10.0.0.10"],
    ['client.ip.startsWith("2001:db8")', "2001:db80::1"],
    ['client.ip.startsWith("::1")', "::10"],
    ['client.ip.contains("10.0.0.")', "110.0.0.86"],
    ['client.ip.contains("192.168.")', "203.192.168.86"],
    ['client.ip.contains("2001:db8:")', "2a00:2001:db8::1"],
    ['client.ip.endsWith(".7")', "203.0.113.7"],
    ['client.ip.endsWith("10.0.0.1")', "110.0.0.1"],
    ['client.ip.endsWith(":443")', "2a00::443"],
    ['client.ip.matches("10\\\\.0\\\\.0\\\\.")', "110.0.0.86"],
    ['client.ip.matches("^10.1.")', "10.10.0.86"],
    ['client.ip.matches("^10.")', "100.0.0.86"],
    ['client.ip.matches("^10\\\\.1")', "10.10.0.86"],
    ['client.ip.matches("^192[.]168[.]1")', "192.168.10.86"],
    ['client.ip.matches("\\\\.7$")', "203.0.113.7"],
  ])("that takes other networks for the one that it names is told of: %s", (when, taken) => {
    for (const written of [when, `!${when}`, `user.id == "x" || !(${when})`, `(${when}) && user.id == "x"`]) {
      const found = warningsOf(written);
      expect([written, found.length]).toEqual([written, 1]);
      expect(found[0]).toContain(`takes \`${taken}\` for one of`);
      expect(found[0]).toContain('startsWith("10.1.")');
    }
  });

  it.each([
    ['client.ip < "10.0.0.255" && client.ip > "10.0.0.0"', "letter by letter"],
    ['client.ip >= "10.0.0.0"', "letter by letter"],
    ['client.ip.startsWith("10.256.")', "No address begins so"],
    ['client.ip.startsWith("10.01.")', "No address begins so"],
    ['client.ip.matches("^300\\\\.")', "No address begins so"],
    ['client.ip.startsWith("::ffff:10.")', "seen as the former"],
    ["size(client.ip) > 45", "always false"],
  ])("that no address or no order meets is told of: %s", (when, message) => {
    const found = warningsOf(when);
    expect(found.length).toBeGreaterThan(0);
    for (const one of found) expect(one).toContain(message);
  });

  it.each([
    'client.ip == "10.0.0.1"',
    'client.ip in ["10.0.0.1", "10.0.0.10", "::1"]',
    'client.ip.startsWith("10.")',
    '!client.ip.startsWith("10.1.")',
    'client.ip.startsWith("1.") || client.ip.startsWith("10.")',
    '!(client.ip.startsWith("10.") || client.ip.startsWith("192.168.") || client.ip.startsWith("172.16."))',
    '["10.", "192.168."].exists(it, client.ip.startsWith(it))',
    'client.ip.startsWith("192.168.100")',
    'client.ip.startsWith("fd")',
    'client.ip.startsWith("fe80:")',
    'client.ip.startsWith("fe80::")',
    'client.ip.startsWith("2001:db8:")',
    'client.ip.startsWith("2001:db8::")',
    'client.ip.contains(":")',
    '!client.ip.contains(".")',
    'client.ip.matches("^10\\\\.")',
    'client.ip.matches("^10[.]1[.]")',
    'client.ip.matches("^(10|192\\\\.168)\\\\.")',
    'client.ip.matches("^172\\\\.(1[6-9]|2[0-9]|3[01])\\\\.")',
    'client.ip.matches("^10\\\\.1[0-9]{0,2}\\\\.")',
    'client.ip.matches("^10\\\\.0\\\\.0\\\\.[0-9]+$")',
    'client.ip.matches("^10\\\\.0\\\\.0\\\\.1$")',
    'client.ip.startsWith("10.0.") && client.ip.endsWith(".1")',
    '!client.ip.startsWith("10.0.") || !client.ip.endsWith(".1")',
    'client.ip.split(".")[0] == "172" && client.ip.split(".")[1] == "16"',
    'client.ip.split(".").size() == 4 && int(client.ip.split(".")[1]) >= 16',
    "size(client.ip) > 15",
  ])("that is certain, or says nothing of a network, is left alone: %s", (when) => {
    expect(warningsOf(when)).toEqual([]);
  });
});
