import { describe, expect, it } from "vitest";
import { ACR_CODE, ACR_PASSWORD, checkLogin, wantedLogin } from "../../src/demo/login.ts";
import { contentSecurityPolicy } from "../../src/demo/login-page.ts";

const essential = (acr: object) => ({ claims: JSON.stringify({ id_token: { acr: { essential: true, ...acr } } }) });

describe("how strongly somebody is asked to sign in", () => {
  const password = { code: false, essential: false, impossible: false };
  it.each([
    ["nothing in particular", {}, password],
    ["a code, if possible", { acr_values: ACR_CODE }, { ...password, code: true }],
    ["a code, among what is unknown", { acr_values: `urn:other ${ACR_CODE}` }, { ...password, code: true }],
    ["either", { acr_values: `${ACR_CODE} ${ACR_PASSWORD}` }, password],
    ["what is unknown, if possible", { acr_values: "urn:other" }, password],
    ["a code and nothing less", essential({ value: ACR_CODE }), { code: true, essential: true, impossible: false }],
    ["one of two", essential({ values: ["urn:other", ACR_CODE] }), { code: true, essential: true, impossible: false }],
    [
      "nothing but what is unknown",
      essential({ value: "urn:other" }),
      { ...password, essential: true, impossible: true },
    ],
    [
      "a claim before acr_values",
      { ...essential({ value: ACR_PASSWORD }), acr_values: ACR_CODE },
      { ...password, essential: true },
    ],
    [
      "another claim",
      { claims: '{"id_token":{"auth_time":{"essential":true}}}', acr_values: ACR_CODE },
      { ...password, code: true },
    ],
    ["a claim that names no context", { ...essential({}), acr_values: ACR_CODE }, { ...password, code: true }],
  ])("%s", (_what, params, expected) => {
    expect(wantedLogin(params)).toEqual(expected);
  });
});

describe("a submitted form", () => {
  const secrets = { password: "open sesame", code: "246810" };
  const none = { code: false, essential: false, impossible: false };
  const code = { ...none, code: true };
  const strict = { ...code, essential: true };
  const right = { user: "ann", password: secrets.password, act: "login" };
  const byPassword = { kind: "signed_in", name: "ann", acr: ACR_PASSWORD, amr: ["pwd"] };
  const byCode = { kind: "signed_in", name: "ann", acr: ACR_CODE, amr: ["pwd", "otp"] };
  const again = (what: string) => ({ kind: "again", message: expect.stringContaining(what) });
  it.each([
    ["a password", right, none, byPassword],
    ["an address instead of a name", { ...right, user: " Ann@Example.com" }, none, byPassword],
    ["a code that was not asked for", { ...right, with_code: "yes", code: " 246810" }, none, byCode],
    ["a wrong one that was not asked for", { ...right, with_code: "yes", code: "1" }, none, again("code is wrong")],
    ["a code without its tick", { ...right, code: "1" }, none, byPassword],
    ["a code that was asked for", { ...right, code: "246810" }, code, byCode],
    ["a wrong code", { ...right, code: "111111" }, code, again("code is wrong")],
    ["no code", right, code, again("code is wrong")],
    ["a wrong password", { ...right, password: "sesame" }, none, again("User or password")],
    ["a wrong password with the code", { ...right, password: "", code: "246810" }, code, again("User or password")],
    ["nobody's name", { ...right, user: "eve" }, none, again("User or password")],
    ["no code to be had", { ...right, act: "no_code" }, code, byPassword],
    [
      "none where nothing less will do",
      { ...right, act: "no_code" },
      strict,
      { kind: "refused", error: "unmet_authentication_requirements" },
    ],
    [
      "no code, and a wrong password",
      { user: "ann", password: "x", act: "no_code" },
      strict,
      again("User or password"),
    ],
    ["a change of mind", { act: "cancel" }, strict, { kind: "refused", error: "access_denied" }],
  ])("with %s", (_what, form, wanted, expected) => {
    expect(checkLogin(new URLSearchParams(form), wanted, secrets)).toEqual(expected);
  });
});

describe("where a page may lead", () => {
  it.each([
    ["https://agent.example/back?x=1", "'self' https://agent.example"],
    ["http://[::1]:3998/back", "'self' http://[::1]:3998"],
    ["cursor://anysphere.cursor/back", "'self' cursor:"],
    ["http://agent;sandbox/back", "'self' "],
  ])("is %s alone", (redirectUri, expected) => {
    expect(contentSecurityPolicy(redirectUri)).toContain(`form-action ${expected};`);
  });

  it("is nowhere without a form", () => {
    expect(contentSecurityPolicy()).toContain("form-action 'none';");
  });
});
