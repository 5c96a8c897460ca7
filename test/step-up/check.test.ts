import { describe, expect, it } from "vitest";
import type { StepUpRequirement } from "../../src/core/decision.ts";
import type { Principal } from "../../src/core/principal.ts";
import type { StepUpCaller, StepUpLack } from "../../src/step-up/step-up.ts";
import { startForgingProvider } from "./forging-provider.ts";
import { begin, caller, comeBack, requirement, startStepUp, stepUpOptions, type TestStepUp } from "./helpers.ts";

const IDP = "https://idp.example";
const NOW = 1_800_000_000_000;
const MINUTE = 60_000;

function start(given: Partial<Parameters<typeof startStepUp>[0]> = {}): Promise<TestStepUp> {
  return startStepUp({ options: () => stepUpOptions(IDP), now: () => NOW, ...given });
}

describe("what the caller's token says", () => {
  const signedIn: Partial<Principal> = { acr: "mfa", amr: ["pwd", "otp"], authTime: NOW - 5 * MINUTE, scopes: ["pay"] };

  it.each<[string, Partial<StepUpRequirement>]>([
    ["a context", {}],
    ["a context of each list", { acr: [["mfa", "hwk"], ["mfa"]] }],
    ["a method", { acr: [], amr: [["otp", "hwk"]] }],
    ["a fresh sign-in, to the millisecond", { maxAgeMs: 5 * MINUTE }],
    ["a scope", { acr: [], scopes: ["pay"], via: "scope" }],
    ["a scope, whatever it is for", { acr: [], scopes: ["pay"], via: "scope", per: "call" }],
  ])("satisfies %s", async (_what, change) => {
    const { service } = await start();
    const check = await service.check(requirement(change), caller(IDP, signedIn));
    expect(check).toEqual({ satisfied: true, by: "token" });
  });

  it.each<[string, Partial<StepUpRequirement>, StepUpLack, Partial<Principal>?]>([
    ["no context", {}, "acr", { acr: undefined }],
    ["a context of one list only", { acr: [["mfa"], ["hwk"]] }, "acr"],
    ["no method", { amr: [["hwk"]] }, "amr"],
    ["an old sign-in", { maxAgeMs: 5 * MINUTE - 1 }, "max_age"],
    ["no time of a sign-in", { maxAgeMs: MINUTE }, "max_age", { authTime: undefined }],
    ["a missing scope", { scopes: ["pay", "read"], via: "scope" }, "scope"],
    ["a sign-in for no call in particular", { per: "call" }, "call"],
    ["a sign-in for no tool in particular", { per: "tool" }, "call"],
    ["a machine", {}, "machine", { kind: "machine" }],
    ["nobody", {}, "machine", { kind: "anonymous" }],
    ["a person of another issuer", { acr: [["hwk"]] }, "not_configured", { issuer: "https://other.example" }],
    ["the user of an API key", { acr: [["hwk"]] }, "not_configured", { issuer: "portcullis:keys" }],
  ])("does not with %s", async (_what, change, why, principal) => {
    const { service } = await start();
    const check = await service.check(requirement(change), caller(IDP, { ...signedIn, ...principal }));
    expect(check).toEqual({ satisfied: false, why });
  });

  it("is all there is where no provider is configured", async () => {
    const { service } = await start({ options: () => undefined });
    expect(await service.check(requirement(), caller(IDP, signedIn))).toMatchObject({ satisfied: true });
    expect(await service.check(requirement(), caller(IDP))).toEqual({ satisfied: false, why: "not_configured" });
    const ask = { requirement: requirement(), caller: caller(IDP), shown: "bank/pay", clientName: "c" };
    expect(await service.challenge(ask)).toMatchObject({ ok: false, code: "STEP_UP_IMPOSSIBLE" });
  });
});

describe("an elevation", () => {
  async function elevated(change: Partial<StepUpRequirement>, call: Partial<StepUpCaller> = {}) {
    let later = 0;
    const provider = await startForgingProvider();
    const gateway = await startStepUp({ options: () => stepUpOptions(provider.issuer), now: () => Date.now() + later });
    const by = caller(provider.issuer, {}, call);
    const begun = await begin(gateway, await gateway.challenge(change, by));
    provider.nonce = begun.location.searchParams.get("nonce") ?? "";
    expect(await comeBack(gateway, begun)).toBe("200 Confirmed");
    return {
      ...{ gateway, by, issuer: provider.issuer },
      check: (who: StepUpCaller, more: Partial<StepUpRequirement> = {}) =>
        gateway.service.check(requirement({ ...change, ...more }), who),
      pass(ms: number) {
        later += ms;
      },
    };
  }

  it.each<[string, Partial<StepUpRequirement>, Partial<Principal>, Partial<StepUpCaller>]>([
    ["another person", {}, { subject: "bob" }, {}],
    ["another client", {}, { clientId: "other" }, {}],
    ["no client", {}, { clientId: undefined }, {}],
    ["another session", {}, {}, { session: "s-2" }],
    ["no session", {}, {}, { session: undefined }],
    ["another tool", { per: "tool" }, {}, { tool: "bank/close" }],
    ["another call", { per: "call" }, {}, { callDigest: "d-2" }],
  ])("never serves %s", async (_what, change, principal, call) => {
    const { check, by, issuer } = await elevated(change, { session: "s-1" });
    expect(await check(by)).toMatchObject({ satisfied: true, by: "elevation" });
    const other = caller(issuer, principal, { session: "s-1", ...call });
    expect(await check(other)).toEqual({ satisfied: false, why: "acr" });
  });

  it.each<[string, Partial<StepUpRequirement>]>([
    ["a stronger context", { acr: [["hwk"]] }],
    ["a method that was not used", { amr: [["otp"]] }],
    ["a use that is narrower", { per: "call" }],
  ])("does not serve %s; what is told is what the token lacks", async (_what, more) => {
    const { check, by } = await elevated({});
    expect(await check(by, more)).toEqual({ satisfied: false, why: "acr" });
  });

  it("ages: as a sign-in, by what a policy says, by what the configuration says", async () => {
    const { check, by, pass } = await elevated({});
    pass(2 * MINUTE);
    expect(await check(by, { maxAgeMs: MINUTE })).toEqual({ satisfied: false, why: "acr" });
    expect(await check(by, { ttlMs: MINUTE })).toEqual({ satisfied: false, why: "acr" });
    expect(await check(by, { ttlMs: 60 * MINUTE })).toMatchObject({ satisfied: true });
    pass(3 * MINUTE);
    expect(await check(by, { ttlMs: 60 * MINUTE })).toEqual({ satisfied: false, why: "acr" });
  });

  it("for one call is spent once", async () => {
    const { check, by, gateway } = await elevated({ per: "call" });
    const first = await check(by);
    if (!first.satisfied || first.by !== "elevation" || first.spend === undefined) throw new Error("nothing to spend");
    expect(await gateway.service.spend(first.spend)).toBe(true);
    expect(await gateway.service.spend(first.spend)).toBe(false);
    expect(await check(by)).toEqual({ satisfied: false, why: "acr" });
  });
});

describe("challenges", () => {
  it("are joined by calls that the same sign-in would serve, and by no others", async () => {
    const gateway = await start();
    const first = await gateway.challenge();
    expect(await gateway.challenge({}, caller(IDP, {}, { callDigest: "d-2", tool: "bank/close" }))).toEqual(first);
    const others = [
      await gateway.challenge({}, caller(IDP, { subject: "bob" })),
      await gateway.challenge({}, caller(IDP, { clientId: "other" })),
      await gateway.challenge({}, caller(IDP, {}, { session: "s-1" })),
      await gateway.challenge({ acr: [["hwk"]] }),
      await gateway.challenge({ maxAgeMs: MINUTE }),
      await gateway.challenge({ per: "tool" }),
      await gateway.challenge({ per: "call" }),
    ];
    expect(new Set([first.id, ...others.map((challenge) => challenge.id)]).size).toBe(8);
    expect(first.url).toBe(`${gateway.url}/step-up/${first.id}`);
    expect(first.expiresAt).toBe(NOW + 10 * MINUTE);
  });

  it("are bounded per person", async () => {
    const gateway = await start({ limits: { challengesPerPerson: 2 } });
    for (const tool of ["a/a", "a/b"]) await gateway.challenge({ per: "tool" }, caller(IDP, {}, { tool }));
    const ask = { requirement: requirement({ per: "tool" }), shown: "a/c", clientName: "c" };
    const third = { ...ask, caller: caller(IDP, {}, { tool: "a/c" }) };
    expect(await gateway.service.challenge(third)).toMatchObject({ ok: false, code: "STEP_UP_TOO_MANY" });
    const bob = { ...ask, caller: caller(IDP, { subject: "bob" }, { tool: "a/c" }) };
    expect(await gateway.service.challenge(bob)).toMatchObject({ ok: true });
  });

  it("are not opened for what no sign-in can be", async () => {
    const { service } = await start();
    const impossible = requirement({ acr: [["mfa"], ["hwk"]] });
    const asked = await service.challenge({
      requirement: impossible,
      caller: caller(IDP),
      shown: "bank/pay",
      clientName: "c",
    });
    expect(asked).toMatchObject({ ok: false, code: "STEP_UP_IMPOSSIBLE" });
  });

  it("that are met in another process are seen here", async () => {
    const provider = await startForgingProvider();
    const options = () => stepUpOptions(provider.issuer);
    const here = await startStepUp({ options });
    const there = await startStepUp({ options, after: { path: here.path, port: 0 }, publicUrl: here.url });
    const challenge = await there.challenge();
    const waiting = there.service.wait(challenge.id, 30_000);
    const begun = await begin(here, challenge);
    provider.nonce = begun.location.searchParams.get("nonce") ?? "";
    expect(await comeBack(here, begun)).toBe("200 Confirmed");
    expect(await waiting).toBe("elevated");
    expect(there.events.map((event) => event.act)).toEqual(["opened"]);
  });

  it("let nobody wait past their time, after a cancellation, at a close, or when too many wait", async () => {
    const { Cancellation } = await import("../../src/core/cancellation.ts");
    const gateway = await start({ limits: { waiters: 3 }, now: Date.now });
    const { id } = await gateway.challenge();
    expect(await gateway.service.wait("unknown", 60_000)).toBe("expired");
    expect(await gateway.service.wait(id, 1)).toBe("waiting");
    const cancellation = new Cancellation();
    const cancelled = gateway.service.wait(id, 60_000, cancellation);
    cancellation.cancel("gone");
    expect(await cancelled).toBe("waiting");
    const held = [1, 2, 3, 4].map(() => gateway.service.wait(id, 60_000));
    expect(await Promise.race(held)).toBe("waiting");
    await gateway.service.close();
    expect(await Promise.all(held)).toEqual(["waiting", "waiting", "waiting", "waiting"]);
  });
});
