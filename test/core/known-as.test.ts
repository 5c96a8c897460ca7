import { describe, expect, it } from "vitest";
import { calledAs, knownAs } from "../../src/core/known-as.ts";
import { KEYS_ISSUER, LOCAL_ISSUER } from "../../src/core/principal.ts";

const HOME = "https://idp.acme.com";
const PARTNER = "https://login.partner.example";

describe("somebody is named to people", () => {
  it.each([
    ["by an address that was vouched for", { issuer: HOME, subject: "3f2c", email: "ann@acme.com" }, "ann@acme.com"],
    ["by the subject after its issuer", { issuer: HOME, subject: "3f2c" }, `${HOME}|3f2c`],
    ["as somebody else than the user of a key", { issuer: PARTNER, subject: "ann", email: null }, `${PARTNER}|ann`],
    ["as the user of a key", { issuer: KEYS_ISSUER, subject: "ann" }, "ann"],
    ["as who says so over stdio", { issuer: LOCAL_ISSUER, subject: "a@b.c", email: "a@b.c" }, `${LOCAL_ISSUER}|a@b.c`],
    ["by what a row has", { issuer: null, subject: "ann", email: null }, "ann"],
  ])("%s", (_how, person, name) => {
    expect(knownAs(person)).toBe(name);
  });

  it.each([
    ["Ann Smith", "https://login.partner.example|x (Ann Smith)"],
    ["ann@acme.com", "https://login.partner.example|x (ann@acme.com)"],
    ["x", "https://login.partner.example|x"],
    [undefined, "https://login.partner.example|x"],
  ])("never by the name %j alone, nor first", (name, text) => {
    expect(calledAs({ issuer: PARTNER, subject: "x", email: undefined, name })).toBe(text);
  });
});
