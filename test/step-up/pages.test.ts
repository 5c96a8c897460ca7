import { describe, expect, it } from "vitest";
import { startForgingProvider } from "./forging-provider.ts";
import { begin, caller, comeBack, pageAt, startStepUp, stepUpOptions } from "./helpers.ts";

async function setUp(publicUrl?: string) {
  const provider = await startForgingProvider();
  const gateway = await startStepUp({
    options: () => stepUpOptions(provider.issuer),
    ...(publicUrl === undefined ? {} : { publicUrl }),
  });
  return { provider, gateway, challenge: await gateway.challenge({}, caller(provider.issuer)) };
}

describe("looking at a link", () => {
  it("begins nothing, however often and by whatever method", async () => {
    const { provider, gateway, challenge } = await setUp();
    for (const method of ["GET", "HEAD", "GET"]) expect((await fetch(challenge.url, { method })).status).toBe(200);
    for (const method of ["GET", "HEAD", "PUT"])
      expect((await fetch(`${challenge.url}/start`, { method })).status).toBe(404);
    expect(provider.requests).toEqual([]);
    expect(gateway.events.map((event) => event.act)).toEqual(["opened"]);
  });

  it.each(["x", "AAAAAAAAAAAAAAAAAAAAAA", "..%2f..", `${"A".repeat(5_000)}`])("of nobody's says so: %s", async (id) => {
    const { gateway } = await setUp();
    expect(await pageAt(`${gateway.url}/step-up/${id}`)).toBe("404 There is no such request");
  });

  it("says so where nothing is configured", async () => {
    const gateway = await startStepUp({ options: () => undefined });
    expect(await pageAt(`${gateway.url}/step-up/AAAAAAAAAAAAAAAAAAAAAA`)).toBe("404 There is no such request");
    expect(await pageAt(`${gateway.url}/oauth/callback?state=x&code=y`)).toMatch(/^400/);
  });
});

describe("pressing the button", () => {
  it.each<[string, Record<string, string>]>([
    ["no page", {}],
    ["a page without a name", { origin: "null" }],
    ["a foreign page", { origin: "https://evil.example" }],
    ["a page that may call tools", { origin: "https://elsewhere.example" }],
  ])("on %s begins nothing", async (_what, headers) => {
    const { provider, gateway, challenge } = await setUp();
    expect(await pageAt(`${challenge.url}/start`, { method: "POST", headers })).toBe(
      "403 This button was pressed elsewhere",
    );
    expect(provider.requests).toEqual([]);
    expect(gateway.events.map((event) => event.act)).toEqual(["opened"]);
  });

  it("says what the provider is asked, with a secret of its own each time", async () => {
    const { gateway, challenge } = await setUp();
    const [one, two] = [await begin(gateway, challenge), await begin(gateway, challenge)];
    for (const { location } of [one, two]) {
      const { searchParams } = location;
      expect(Object.fromEntries(searchParams)).toMatchObject({
        ...{ response_type: "code", client_id: "portcullis", scope: "openid", prompt: "login", acr_values: "mfa hwk" },
        ...{ code_challenge_method: "S256", redirect_uri: `${gateway.url}/oauth/callback`, max_age: "300" },
      });
      // The provider does not say that it knows the parameter.
      expect(searchParams.has("claims")).toBe(false);
    }
    for (const name of ["state", "nonce", "code_challenge"])
      expect(one.location.searchParams.get(name)).not.toBe(two.location.searchParams.get(name));
    expect(one.setCookie).not.toContain(one.location.searchParams.get("state"));
    expect(await comeBack(gateway, one)).toBe("409 This sign-in has been used");
  });

  it("when the provider is down says so", async () => {
    const { provider, gateway, challenge } = await setUp();
    await provider.close();
    const headers = { origin: gateway.url };
    const page = await pageAt(`${challenge.url}/start`, { method: "POST", headers });
    expect(page).toBe("503 The identity provider does not answer");
    expect(gateway.log.lines).toContainEqual(
      expect.objectContaining({ level: "warn", fields: expect.objectContaining({ reason: "ECONNREFUSED" }) }),
    );
  });
});

describe("cookies", () => {
  it("on https belong to this host alone", async () => {
    const { gateway, challenge } = await setUp("https://gate.example");
    const { setCookie } = await begin(gateway, challenge);
    expect(setCookie).toMatch(/^__Host-portcullis-step-up-[0-9a-f]{16}=v1\./);
    for (const part of ["Path=/", "HttpOnly", "Secure", "SameSite=Lax", "Max-Age=600"])
      expect(setCookie).toContain(part);
    expect(setCookie).not.toContain("Domain");
  });

  it("on http of this machine have no such name, because browsers would not keep it", async () => {
    const { gateway, challenge } = await setUp();
    const { setCookie } = await begin(gateway, challenge);
    expect(setCookie).toMatch(/^portcullis-step-up-[0-9a-f]{16}=v1\./);
    expect(setCookie).not.toContain("Secure");
  });

  it.each([
    ["changed", (cookie: string) => `${cookie.slice(0, -2)}${cookie.endsWith("A") ? "BB" : "AA"}`],
    ["empty", (cookie: string) => `${cookie.split("=")[0]}=`],
    ["of another gateway", (cookie: string) => `${cookie.split("=")[0]}=v1.${"A".repeat(300)}`],
  ])("that are %s lead nowhere", async (_what, change) => {
    const { provider, gateway, challenge } = await setUp();
    const begun = await begin(gateway, challenge);
    const page = await comeBack(gateway, { ...begun, cookie: change(begun.cookie) });
    expect(page).toBe("400 This sign-in was not begun here");
    expect(provider.requests).not.toContain("/token");
  });
});

it("a cookie under the name of another attempt leads nowhere", async () => {
  const { gateway, challenge } = await setUp();
  const [one, two] = [await begin(gateway, challenge), await begin(gateway, challenge)];
  const cookie = `${one.cookie.split("=")[0]}=${two.cookie.split("=").slice(1).join("=")}`;
  expect(await comeBack(gateway, { ...one, cookie })).toBe("400 This sign-in was not begun here");
});

it("every page has strict headers, whatever it says", async () => {
  const { gateway, challenge } = await setUp();
  const headers = { origin: gateway.url };
  const pages = [
    await fetch(challenge.url),
    await fetch(`${gateway.url}/step-up/unknown`),
    await fetch(`${challenge.url}/start`, { method: "POST" }),
    await fetch(`${challenge.url}/start`, { method: "POST", headers }),
    await fetch(`${gateway.url}/oauth/callback`),
  ];
  for (const { headers, status } of pages) {
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy.split("; "), String(status)).toEqual(
      expect.arrayContaining(["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"]),
    );
    expect(policy).not.toContain("unsafe");
    expect(policy).not.toContain("script-src");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("referrer-policy")).toBe("same-origin");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-type")).toMatch(/^text\/html/);
  }
});

it.each([
  ["no state", ""],
  ["a state of nobody's", "?state=x&code=y"],
  ["a state without end", `?state=${"x".repeat(4_000)}`],
  ["too much", `?state=x&code=${"y".repeat(10_000)}`],
  ["two states", "?state=x&state=y&code=z"],
])("an answer with %s leads nowhere", async (_what, query) => {
  const { provider, gateway } = await setUp();
  expect(await pageAt(`${gateway.url}/oauth/callback${query}`)).toBe("400 This sign-in was not begun here");
  expect(provider.requests).toEqual([]);
});

it("does not look at answers that begin again and again like one that was refused, and at others it does", async () => {
  const { gateway } = await setUp();
  const answer = (state: string, code = "y") => `${gateway.url}/oauth/callback?state=${state}&code=${code}`;
  for (let i = 0; i < 10; i++) expect(await pageAt(answer("AAAAAAAAAAAAAAAA", `${i}`))).toMatch(/^400/);
  expect(await pageAt(answer("AAAAAAAAAAAAAAAB"))).toBe("429 Too many answers like this one");
  expect((await fetch(answer("AAAAAAAAAAAAAAAB"))).headers.get("retry-after")).toMatch(/^\d+$/);
  expect(await pageAt(answer("BBBBBBBBBBBBBBBB"))).toMatch(/^400/);
});
