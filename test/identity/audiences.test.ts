import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createIdentity } from "../../src/identity/create-identity.ts";
import { startIssuer, type TestIssuer } from "../support/issuer.ts";
import { recordingLog } from "../support/recording-log.ts";
import { bearer, identityOptions, issuerOptions, refusalOf } from "./helpers.ts";

const NOW = Date.UTC(2026, 10, 21);
const URL_OF_ALL = "https://mcp.acme.com";

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startIssuer();
});
afterAll(() => issuer.close());

let jti = 0;
const mint = (aud: unknown, more: object = {}) =>
  issuer.mint({ sub: "ann", aud, iat: NOW / 1000, exp: NOW / 1000 + 600, jti: String(jti++), ...more });

function started(audiences: readonly string[], publicUrl = URL_OF_ALL) {
  const log = recordingLog();
  const options = identityOptions({ publicUrl, jwt: [issuerOptions(issuer.issuer, { audiences })] });
  const identity = createIdentity(options, { now: () => NOW, log });
  return {
    log,
    identity,
    at: async (path: string, token: string) => identity.identify(bearer(token, { path })),
    /** At which of these a token is good, asked in this order. */
    async opens(token: string, paths: readonly string[]) {
      const good: string[] = [];
      for (const path of paths) if ((await identity.identify(bearer(token, { path }))).ok) good.push(path);
      return good;
    },
  };
}

const PATHS = ["/mcp", "/mcp/alpha", "/mcp/beta"];
const [ALL, ALPHA, BETA] = PATHS.map((path) => URL_OF_ALL + path);
const FOREIGN = "https://api.acme.com/";

describe("where a token is good, by whom it is for", () => {
  it.each<[string, readonly string[], unknown, readonly string[]]>([
    ["nothing configured, all", [], ALL, ["/mcp"]],
    ["nothing configured, one endpoint", [], ALPHA, ["/mcp/alpha"]],
    ["nothing configured, two of them", [], [BETA, ALPHA], ["/mcp/alpha", "/mcp/beta"]],
    ["nothing configured, nobody", [], undefined, []],
    ["nothing configured, nobody of many", [], [], []],
    ["nothing configured, the gateway as a whole", [], URL_OF_ALL, []],
    ["nothing configured, what is no text", [], { [`${ALL}`]: true }, []],
    ["nothing configured, the API", [], `${URL_OF_ALL}/api/v1`, []],
    ["nothing configured, a slash more", [], `${ALL}/`, []],
    ["all configured, all", [`${ALL}`], ALL, PATHS],
    ["all configured, one endpoint", [`${ALL}`], ALPHA, ["/mcp/alpha"]],
    ["all configured in capitals, one endpoint", ["https://MCP.acme.com/mcp"], ALPHA, ["/mcp/alpha"]],
    ["one endpoint configured, that one", [`${ALPHA}`], ALPHA, PATHS],
    ["one endpoint configured, another", [`${ALPHA}`], BETA, []],
    ["one endpoint configured, all", [`${ALPHA}`], ALL, []],
    ["the host configured, all", [URL_OF_ALL], ALL, ["/mcp"]],
    ["the host configured, one endpoint", [`${URL_OF_ALL}/`], BETA, ["/mcp/beta"]],
    ["the API configured, all", [`${URL_OF_ALL}/api/v1`], ALL, []],
    ["a part of a name configured, one endpoint", [`${URL_OF_ALL}/mcp/al`], ALPHA, []],
    ["all with a query configured, one endpoint", [`${ALL}?tenant=a`], ALPHA, []],
    ["two configured, one of them", [`${ALPHA}`, `${BETA}`], [FOREIGN, BETA], PATHS],
    ["a name of the provider's configured, that name", ["api://portcullis"], "api://portcullis", PATHS],
    ["a name of the provider's configured, one endpoint", ["api://portcullis"], ALPHA, []],
    ["another URL configured, that URL", [FOREIGN], FOREIGN, PATHS],
    ["another URL configured, all", [FOREIGN], ALL, []],
    ["another port configured, all", ["https://mcp.acme.com:8443/mcp"], ALL, []],
    ["a host that begins like it configured, all", ["https://mcp.acme.com.example/mcp"], ALL, []],
  ])("%s", async (_name, configured, aud, expected) => {
    const token = await mint(aud);
    // What was good at one endpoint and is remembered is no better at another.
    expect(await started(configured).opens(token, [...PATHS, ...PATHS])).toEqual([...expected, ...expected]);
    const backwards = [...PATHS].reverse();
    expect(await started(configured).opens(token, backwards)).toEqual([...expected].reverse());
    const together = started(configured);
    const answers = await Promise.all(PATHS.map((path) => together.at(path, token)));
    expect(PATHS.filter((_path, index) => answers[index]?.ok)).toEqual(expected);
  });
});

describe("what the metadata of an endpoint name is what it accepts", () => {
  const forms = [[], [`${ALL}`], [`${ALL}`, `${ALPHA}`, "api://a"], [`${ALL}/`], [`${URL_OF_ALL}/`]];
  it.each(forms.map((configured) => [configured]))("with %j configured", async (configured) => {
    const gateway = started(configured);
    for (const path of [...PATHS, "/mcp/registered-later", "/mcp/No_Endpoint", "/elsewhere"]) {
      const { resource } = gateway.identity.metadata(path);
      expect(await gateway.at(path, await mint(resource))).toMatchObject({ ok: true });
    }
  });

  it("below a path of the public URL", async () => {
    const gateway = started(["https://acme.com/tools/mcp"], "https://acme.com/tools");
    const { resource } = gateway.identity.metadata("/mcp/alpha");
    expect(resource).toBe("https://acme.com/tools/mcp/alpha");
    expect(await gateway.opens(await mint(resource), PATHS)).toEqual(["/mcp/alpha"]);
    const beside = started(["https://acme.com/toolsmith/mcp"], "https://acme.com/tools");
    expect(await beside.opens(await mint(resource), PATHS)).toEqual([]);
  });
});

describe("where only a slash at the end is wrong", () => {
  const slash = "A slash at the end is all that differs from";
  it.each<[string, readonly string[], object, string, string]>([
    ["a derived audience", [], { aud: `${ALPHA}/` }, "/mcp/alpha", `${ALPHA}`],
    ["a configured audience with one", [FOREIGN], { aud: "https://api.acme.com" }, "/mcp", FOREIGN],
    ["one of several", ["a", `${ALL}/`], { aud: ["b", URL_OF_ALL, `${ALL}//`] }, "/mcp", `${ALL}/`],
  ])("%s: error_description and log say so", async (_name, configured, claims, path, expected) => {
    const gateway = started(configured);
    for (let i = 0; i < 3; i++) {
      const { code, challenge } = refusalOf(await gateway.at(path, await mint(undefined, claims)));
      expect(code).toBe("TOKEN_INVALID");
      expect(challenge).toContain(`error_description="It is meant for another audience. ${slash} ${expected}."`);
    }
    const warned = gateway.log.lines.filter(({ level }) => level === "warn");
    expect(warned).toEqual([expect.objectContaining({ fields: { code: "TOKEN_INVALID", expected } })]);
  });

  it("of the issuer, too, and other differences are not told", async () => {
    const gateway = started([]);
    const other = await mint(ALL, { iss: `${issuer.issuer}/` });
    expect(refusalOf(await gateway.at("/mcp", other)).challenge).toContain(`${slash} ${issuer.issuer}.`);
    expect(refusalOf(await gateway.at("/mcp", await mint(BETA))).challenge).toContain(
      'error_description="It is meant for another audience."',
    );
  });

  it("of the issuer's own metadata, the log says so", async () => {
    const liar = await startIssuer({ slash: true });
    const log = recordingLog();
    const options = identityOptions({ jwt: [issuerOptions(liar.issuer, { audiences: [] })] });
    const identity = createIdentity(options, { now: () => NOW, log });
    const claims = { sub: "ann", aud: "http://127.0.0.1:3000/mcp", exp: NOW / 1000 + 600 };
    await identity.identify(bearer(await liar.mint(claims)));
    expect(JSON.stringify(log.lines)).toContain("the metadata names another issuer, by a slash at its end");
    await liar.close();
  });
});
