import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClientAddresses, TRACES } from "../../src/http/addresses/client-address.ts";
import { forwardedNodes, listedNodes } from "../../src/http/addresses/forwarded.ts";

let server: Server;

beforeAll(async () => {
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterAll(() => server.close());

/** What the server makes of a request over a real connection from this machine that has these header lines. */
async function arriving(lines: readonly string[]): Promise<IncomingMessage> {
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.write(`GET / HTTP/1.1\r\nHost: x\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`, "latin1");
  const [incoming]: IncomingMessage[] = await once(server, "request");
  client.destroy();
  if (incoming === undefined) throw new Error("there was no request");
  return incoming;
}

async function addressOf(lines: readonly string[], trusted: readonly string[] = ["loopback", "10.0.0.0/8"]) {
  const found = createClientAddresses(trusted)(await arriving(lines));
  return found.ok ? found.ip : found.code;
}

const CLIENT = "203.0.113.9";

describe("the address of a client behind a trusted proxy", () => {
  it.each<[string, readonly string[], string]>([
    ["the proxy's own where it names nobody", [], "127.0.0.1"],
    ["what the proxy saw", [`X-Forwarded-For: ${CLIENT}`], CLIENT],
    ["not what the client claimed before", [`X-Forwarded-For: 10.0.0.7, ${CLIENT}`], CLIENT],
    ["not what it claimed in a line of its own", ["X-Forwarded-For: 10.0.0.7", `X-Forwarded-For: ${CLIENT}`], CLIENT],
    ["what the first of several proxies saw", [`X-Forwarded-For: 1.1.1.1, ${CLIENT}, 10.0.0.2, 10.0.0.3`], CLIENT],
    ["the last one where all are proxies", ["X-Forwarded-For: 10.0.0.9, 10.0.0.2"], "10.0.0.9"],
    ["whatever garbage stands left of it", [`X-Forwarded-For: "', _x, unknown,,;, ${CLIENT}`], CLIENT],
    ["with a port", [`X-Forwarded-For: ${CLIENT}:4711`], CLIENT],
    ["IPv6", ["X-Forwarded-For: 2001:DB8:0:0:0:0:0:7"], "2001:db8::7"],
    ["IPv6 in brackets with a port", ["X-Forwarded-For: [2001:db8::7]:443"], "2001:db8::7"],
    ["IPv6 with a zone", ["X-Forwarded-For: fe80::1%eth0"], "fe80::1"],
    ["IPv4 in IPv6", [`X-Forwarded-For: ::ffff:${CLIENT}`], CLIENT],
    ["IPv4 in IPv6 as digits", ["X-Forwarded-For: ::ffff:cb00:7109"], CLIENT],
    ["a proxy's IPv4 in IPv6", [`X-Forwarded-For: ${CLIENT}, ::ffff:10.0.0.2`], CLIENT],
    ["Forwarded", [`Forwarded: for=${CLIENT};proto=https;by=10.0.0.1`], CLIENT],
    ["Forwarded in capitals, with blanks", [`Forwarded: proto=https ; FOR=${CLIENT}`], CLIENT],
    ["Forwarded with IPv6 and a port", ['Forwarded: for="[2001:db8::7]:4711"'], "2001:db8::7"],
    ["Forwarded through several", [`Forwarded: for=10.0.0.7, for=${CLIENT}, for="10.0.0.2:80"`], CLIENT],
    ["Forwarded with a comma in quotes", [`Forwarded: for="10.0.0.7, for=9.9.9.9", for=${CLIENT}`], CLIENT],
    ["Forwarded with quotes in quotes", [`Forwarded: for="\\"10.0.0.7", for=${CLIENT}`], CLIENT],
    ["both where they agree", [`Forwarded: for=${CLIENT}`, `X-Forwarded-For: 1.1.1.1, ${CLIENT}`], CLIENT],
  ])("is %s", async (_, lines, expected) => {
    expect(await addressOf(lines)).toBe(expected);
  });

  it.each<[string, readonly string[]]>([
    ["nothing", ["X-Forwarded-For:"]],
    ["unknown", ["X-Forwarded-For: unknown"]],
    ["a hidden name", ["Forwarded: for=_hidden"]],
    ["a proxy, and unknown before it", ["X-Forwarded-For: 203.0.113.9, unknown, 10.0.0.2"]],
    ["a name", ["X-Forwarded-For: client.example.com"]],
    ["nothing at the end", ["X-Forwarded-For: 203.0.113.9,"]],
    ["nothing between proxies", ["X-Forwarded-For: 203.0.113.9,,10.0.0.2"]],
    ["leading zeros", ["X-Forwarded-For: 010.0.0.1"]],
    ["an address as one number", ["X-Forwarded-For: 167772161"]],
    ["an address in hexadecimal", ["X-Forwarded-For: 0x0a.0.0.1"]],
    ["three parts", ["X-Forwarded-For: 10.0.1"]],
    ["a part too large", ["X-Forwarded-For: 10.0.0.256"]],
    ["a range", ["X-Forwarded-For: 203.0.113.0/24"]],
    ["open brackets", ["X-Forwarded-For: [2001:db8::7"]],
    ["two addresses without a comma", ["X-Forwarded-For: 203.0.113.9 10.0.0.7"]],
    ["Latin-1", ["X-Forwarded-For: 203.0.113.9\u00a0"]],
    ["Forwarded without for", ["Forwarded: proto=https"]],
    ["Forwarded with two of it", ["Forwarded: for=203.0.113.9;for=10.0.0.7"]],
    ["quotes that do not end", ['Forwarded: for="10.0.0.7, for=203.0.113.9']],
    ["quotes that end in the proxy's own part", ['Forwarded: for="10.0.0.7, for="[2001:db8::7]"']],
    ["an element after another without a comma", ["Forwarded: for=10.0.0.7 for=203.0.113.9"]],
    ["the two of them with two answers", ["Forwarded: for=10.0.0.7", "X-Forwarded-For: 203.0.113.9"]],
    ["the two of them, one unreadable", ["Forwarded: for=unknown", "X-Forwarded-For: 203.0.113.9"]],
    ["hundreds of proxies", [`X-Forwarded-For: 203.0.113.9${", 10.0.0.2".repeat(200)}`]],
    ["absurdly much", [`X-Forwarded-For: ${"1.1.1.1, ".repeat(1000)}203.0.113.9`]],
    ["an absurdly long name", [`X-Forwarded-For: ${"9".repeat(3000)}`]],
  ])("is refused where the proxy says %s", async (_, lines) => {
    expect(await addressOf(lines)).toBe("FORWARDED_INVALID");
  });

  it("is never what a client wrote itself, whatever that is", async () => {
    const claims = fc.oneof(
      fc.constantFrom(
        "10.0.0.7",
        'for="',
        '"',
        "for=10.0.0.7",
        "unknown",
        "_x",
        ",",
        ";",
        "\\",
        'for="10.0.0.7',
        "[",
        "]",
      ),
      fc.string({ maxLength: 20 }),
    );
    const garbage = fc
      .array(claims, { maxLength: 6 })
      .map((parts) => parts.join(", ").replaceAll(/[^\x20-\x7e]/g, "?"));
    const find = createClientAddresses(["loopback", "10.0.0.0/8"]);
    const whole = await arriving([]);
    const saw = fc.constantFrom(CLIENT, "2001:db8::7");
    fc.assert(
      fc.property(garbage, saw, (claimed, seen) => {
        const node = seen.includes(":") ? `"[${seen}]:80"` : `"${seen}:80"`;
        for (const headers of [
          { "x-forwarded-for": `${claimed}, ${seen}` },
          { forwarded: `${claimed}, for=${node};proto=https` },
          { forwarded: claimed, "x-forwarded-for": seen },
          { forwarded: `for=${node}`, "x-forwarded-for": `${claimed}, ${seen}` },
        ]) {
          const found = find({ socket: whole.socket, headers });
          expect(found.ok ? found.ip : seen).toBe(seen);
        }
      }),
      { numRuns: 500 },
    );
  });
});

it("a list of addresses is read in one look, however many blanks are in one", () => {
  for (const blank of [" ", "\t"]) {
    const within = `a${blank.repeat(1_000_000)}b`;
    expect([...listedNodes(`${blank}1.1.1.1${blank}, ${within}`)]).toEqual([within, "1.1.1.1"]);
    expect(forwardedNodes(`for=1.1.1.1${blank},${within}`)).toBeUndefined();
    expect(forwardedNodes(`${blank.repeat(1_000_000)},${blank}for=1.1.1.1${blank}`)).toEqual(["1.1.1.1", "unknown"]);
  }
});

describe("the address of a client that comes directly", () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ["nobody is trusted", [`X-Forwarded-For: ${CLIENT}`], []],
    ["somebody else is trusted", [`Forwarded: for=${CLIENT}`], ["10.0.0.0/8"]],
    ["its headers are no headers at all", ['Forwarded: "', "X-Forwarded-For: ,,,"], ["192.0.2.1"]],
  ])("is that of its connection where %s", async (_, lines, trusted) => {
    expect(await addressOf(lines, trusted)).toBe("127.0.0.1");
  });

  it.each(TRACES.map((name) => `${name}: ${name === "forwarded" ? "for=" : ""}1.1.1.1`))(
    "counts as forwarded with %s, whether or not that is believed",
    async (line) => {
      for (const trusted of [[], ["loopback"]]) {
        expect(createClientAddresses(trusted)(await arriving([line]))).toMatchObject({ ok: true, forwarded: true });
      }
      expect(createClientAddresses([])(await arriving([]))).toMatchObject({ ok: true, forwarded: false });
      const credential = [line, "Authorization: Bearer x"];
      expect(createClientAddresses([])(await arriving(credential))).toMatchObject({ ok: true, forwarded: false });
    },
  );

  it("counts as forwarded in HTTP/1.0, which programs of today do not speak", async () => {
    const incoming = await arriving([]);
    const { socket, headers } = incoming;
    for (const [httpVersion, forwarded] of [
      ["1.0", true],
      ["1.1", false],
    ] as const) {
      expect(createClientAddresses([])({ socket, headers, httpVersion })).toMatchObject({ ok: true, forwarded });
    }
  });

  it("has its traces of proxies in the documentation", () => {
    const page = readFileSync("docs/proxy.md", "utf8").toLowerCase();
    expect(TRACES.filter((name) => !page.includes(`\`${name}\``) && !name.includes("_"))).toEqual([]);
  });
});
