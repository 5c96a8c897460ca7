import { describe, expect, it } from "vitest";
import { isOddAddress, isPlainAddress, nameForms, readMailbox } from "../../src/core/mailbox.ts";

/** What many a mail server delivers to bob@acme.com, or a reader takes for it, and what is no plain address. */
const ODD = [
  '"bob"@acme.com',
  '"bo\\b"@acme.com',
  '"bob "@acme.com',
  "bob(x)@acme.com",
  "(x)bob@acme.com",
  "bob@(x)acme.com",
  "bob@acme.com(x)",
  "mailto:bob@acme.com",
  "smtp:bob@acme.com",
  "bob@acme.com.",
  "bob.@acme.com",
  ".bob@acme.com",
  "b..ob@acme.com",
  "Bob <bob@acme.com>",
  "<bob@acme.com>",
  "bob@acme.com, x@acme.com",
  "bob@acme.com;",
  "@relay.example:bob@acme.com",
  "bob%acme.com@relay.example@x",
  "bob%acme.com@acme.com",
  "acme.com!bob@acme.com",
  "b%6fb@acme.com",
  "bob@[192.0.2.1]",
  "bob@acme..com",
  "bob@@acme.com",
  "bob@",
  "@acme.com",
  `bob@acme.com${"x".repeat(400)}`,
] as const;

/** Other spellings of one plain address: compared as the same, and not written plainly. */
const SPELT = [
  " bob@acme.com",
  "bob@acme.com\u200b",
  "bob\u2800@acme.com",
  "bob@acme.com\u{1D159}",
  "bob\u3164@acme.com",
  "bob\u00a0@acme.com",
  "bo\u00adb@acme.com",
  "\u202ebob@acme.com",
  "ｂｏｂ@acme.com",
  "bob＠acme.com",
  "bob@acme。com",
  "bob@acme．com",
  "bob@acme｡com",
] as const;

describe("an address", () => {
  it.each(ODD)("%j is not known to be anybody's", (text) => {
    expect(readMailbox(text)).toBeUndefined();
    expect(isOddAddress(text)).toBe(true);
    expect(isPlainAddress(text)).toBe(false);
  });

  it.each(SPELT)("%j is compared as the plain one, and does not count", (text) => {
    expect(readMailbox(text)?.address).toBe("bob@acme.com");
    expect(isPlainAddress(text)).toBe(false);
  });

  it.each(["bob@acme.com", "Bob@ACME.com", "o'brien@acme.com", "bob+pay@acme.com", "b_1@x-y.acme.com", "abc@clients"])(
    "%j is plain",
    (text) => {
      expect(isPlainAddress(text)).toBe(true);
      expect(isOddAddress(text)).toBe(false);
    },
  );

  it.each([
    ["ann@münchen.example", "ann@xn--mnchen-3ya.example"],
    ["ann@MÜNCHEN.example", "ann@xn--mnchen-3ya.example"],
    ["ann@xn--mnchen-3ya.example", "ann@xn--mnchen-3ya.example"],
    ["jörg@acme.com", "jörg@acme.com"],
  ])("%j is plain, and compared as %j", (text, address) => {
    expect(isPlainAddress(text)).toBe(true);
    expect(readMailbox(text)?.address).toBe(address);
  });
});

describe("a name", () => {
  it.each([
    ["bob@acme.com", ["bob@acme.com", "bob"]],
    ["B.o.b+pay@acme.com", ["bob@acme.com", "bob"]],
    ["Bob", ["bob"]],
    ["ACME\\bob", ["acme\\bob", "bob"]],
    ["samlp|corp|Bob@acme.com", ["samlp|corp|bob@acme.com", "samlp|corp|bob", "bob@acme.com", "bob"]],
    ["acct:bob@acme.com", ["acct:bob@acme.com", "bob@acme.com", "bob"]],
    ["f:4a-1:bob", ["f:4a-1:bob", "bob"]],
    ["live.com#bob@acme.com", ["bob@acme.com", "bob"]],
    ["bob_acme.com#EXT#@t.onmicrosoft.com", ["bob_acmecom@t.onmicrosoft.com", "bob_acmecom", "bob@acme.com", "bob"]],
    ["uid=bob,mail=b@acme.com,dc=acme,dc=com", ["uid=bob,mail=b@acme.com,dc=acme,dc=com", "bob", "b@acme.com", "b"]],
    ["Bob of bob@acme.com", ["bobofbob@acme.com", "bobofbob", "bob@acme.com", "bob"]],
    ["auth0|3f2c", ["auth0|3f2c", "3f2c"]],
    ["urn:acme:user:7", ["urn:acme:user:7"]],
    ["bob#pay@acme.com", ["bob@acme.com", "bob"]],
    ["ann@acme.com|7", ["ann@acme.com|7", "7", "ann@acme.com", "ann"]],
    ["3F2C", ["3f2c"]],
    ["\u2800", []],
  ])("%j is compared by %j", (name, forms) => {
    expect(nameForms(name)).toEqual(forms);
  });

  it.each(["bob", "ACME\\bob", "auth0|3f2c", "山田"])("%j is no address", (name) => {
    expect(isOddAddress(name)).toBe(false);
  });
});
