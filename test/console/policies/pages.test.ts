import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath, sharedBrowser } from "../../step-up/browser.ts";
import { startBank } from "../../support/bank-upstream.ts";
import {
  axeViolations,
  consoleUsers,
  csrfTokenIn,
  openConsolePage,
  overflowOf,
  postForm,
  sessionCookie,
  signIn,
  startConsole,
} from "../../support/console.ts";
import { eventually } from "../../support/eventually.ts";
import type { TestGateway } from "../../support/gateway.ts";
import { callLegacy } from "../../support/raw-answers.ts";
import type { RawUpstream } from "../../support/raw-upstream.ts";

const POLICIES = `policies:
  # Above ten, nobody.
  - id: large
    description: Nobody pays more than ten.
    target: { tools: ["bank/pay"] }
    when: args.amount > 10
    then: { deny: { message: "Too much: {{ args.amount }}." } }
  - id: small
    target: { tools: ["bank/pay"], roles: [employee] }
    when: args.amount > 2
    then: { request_approval: { flow: finance, message: "Pay {{ args.amount }}?" } }
  - { id: trial, mode: shadow, target: { tools: ["bank/pay"] }, when: '!has(args.note)', then: { deny: {} } }
  - { id: try, enabled: false, then: { deny: {} } }
`;

let bank: RawUpstream;
beforeAll(async () => {
  bank = await startBank();
});
afterAll(() => bank?.close());

const start = (policies = POLICIES): Promise<TestGateway> =>
  startConsole({ upstreams: { bank: { url: bank.url } } }, { "a.yaml": policies });

describe.skipIf(chromiumPath === undefined)("the policies in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await sharedBrowser();
  });

  async function fine(page: Page, scripts: boolean): Promise<void> {
    expect(await overflowOf(page)).toBe(0);
    if (scripts) expect(await axeViolations(page)).toEqual([]);
  }

  it.each([
    { scripts: true, phone: false, dark: false },
    { scripts: false, phone: true, dark: true },
  ])("lead from the list to a decision (scripts $scripts, phone $phone)", async (options) => {
    const { scripts } = options;
    const gateway = await start();
    const page = await openConsolePage(browser, options);
    await signIn(page, gateway, "carla", "/console/policies");
    await page.getByText("Nobody pays more than ten.").waitFor();
    await page.getByText("3 uncovered").click();
    await page.getByRole("link", { name: "bank/either" }).waitFor();
    await fine(page, scripts);

    await page.getByRole("link", { name: "large", exact: true }).click();
    await page.getByText("# Above ten, nobody.").waitFor();
    expect(await page.getByText("args.amount", { exact: true }).count()).toBe(1);
    await fine(page, scripts);

    await page.getByRole("link", { name: "Try a call" }).click();
    await page.getByLabel("As somebody").selectOption("key-of-ann");
    await page.getByRole("button", { name: "Fill in" }).click();
    expect(await page.getByLabel("As somebody").inputValue()).toBe("key-of-ann");
    expect(await page.getByLabel("Roles").inputValue()).toBe("employee");
    await page.getByLabel("amount, required").fill("a lot");
    await page.getByLabel("currency").selectOption({ label: "USD" });
    await page.getByLabel("tags").fill("a\nb");
    // Enter in a field decides; it does not press the button that stands first.
    await page.getByLabel("account").fill("x-1");
    await page.getByLabel("account").press("Enter");
    await page.getByText("Write a number, like 12.5.").waitFor();
    expect(await page.getByLabel("amount, required").getAttribute("aria-invalid")).toBe("true");
    await fine(page, scripts);

    await page.getByLabel("amount, required").fill("5");
    await page.getByRole("button", { name: "Decide" }).click();
    await page.getByRole("heading", { name: "The call would wait until people approve it." }).waitFor();
    await page.getByText("Pay 5?").waitFor();
    await page.getByText("One of role finance-lead").waitFor();
    await page.getByText("Keep it as a test").click();
    const test = await page.getByLabel("A test that expects this decision").textContent();
    expect(test).toContain("currency: USD");
    expect(test).toContain("effect: request_approval");
    expect(page.url()).toBe(`${gateway.url}/console/policies/try`);
    // What was written is still there, to be changed.
    expect(await page.getByLabel("tags").inputValue()).toBe("a\nb");
    await fine(page, scripts);

    await page.getByLabel("amount, required").fill("11");
    await page.getByRole("button", { name: "Decide" }).click();
    await page.getByText("Too much: 11.").waitFor();
    await page.getByText("would apply").waitFor();
  });

  it("show what is wrong with newer files as soon as they are there, and that it was mended", async () => {
    const gateway = await start();
    const page = await openConsolePage(browser);
    await signIn(page, gateway, "carla", "/console/policies");
    gateway.writePolicy("a.yaml", POLICIES.replace("args.amount > 10", "agrs.amount > 10"));
    await page.getByRole("heading", { name: "The files have 1 mistake" }).waitFor();
    await page.getByText("a.yaml:6:11").waitFor();
    expect(await page.getByLabel("a.yaml, around line 6").textContent()).toContain("6 |     when: agrs.amount > 10\n");
    await page.getByText("Nobody pays more than ten.", { exact: true }).waitFor();
    await fine(page, true);
    gateway.writePolicy("a.yaml", POLICIES.replace("more than ten.", "more than eleven."));
    await page.getByText("Nobody pays more than eleven.").waitFor();
    expect(await page.getByRole("heading", { name: "The files have" }).count()).toBe(0);
  });
});

describe("the pages of the policies", () => {
  /** Gets a page as Carla, or posts the form on it. */
  async function visitor(gateway: TestGateway, user: "carla" | "sam" = "carla") {
    const cookie = await sessionCookie(gateway, user);
    const get = async (path: string) => {
      const response = await fetch(`${gateway.url}/console/policies${path}`, {
        headers: { cookie },
        redirect: "manual",
      });
      return { status: response.status, text: await response.text() };
    };
    return {
      get,
      async post(fields: Readonly<Record<string, string>>) {
        const csrf_token = csrfTokenIn((await get("/try")).text);
        const form = { csrf_token, do: "decide", shown: fields["tool"] ?? "", ...fields };
        const response = await postForm(gateway, "/console/policies/try", form, { cookie });
        return { status: response.status, text: await response.text() };
      },
    };
  }

  it("are for administrators", async () => {
    const { get } = await visitor(await start(), "sam");
    for (const path of ["", "/large", "/try"]) expect((await get(path)).status).toBe(403);
  });

  it.each([
    ["/large", 200, "Nobody pays more than ten."],
    ["/id/try", 200, "enabled: false"],
    ["/nothing", 404, "There is nothing here"],
    ["/%3Cscript%3E", 404, "There is nothing here"],
    ["/try?tool=bank/gone", 200, "No upstream lists this tool now."],
    ["?q=above", 200, "No policy fits"],
    ["?q=ELEVEN", 200, "No policy fits"],
    ["?q=pay+TEN", 200, "policy-large"],
    ["?show=shadow", 200, "policy-trial"],
    ["?show=nonsense&page=99", 200, "policy-large"],
  ])("%s", async (path, status, text) => {
    const { get } = await visitor(await start());
    const page = await get(path);
    expect(page.status).toBe(status);
    expect(page.text).toContain(text);
  });

  it("lead to the calls that a policy matched, and say how many there were", async () => {
    const gateway = await start();
    await callLegacy(gateway.mcp, consoleUsers.key("ann"), { name: "bank__pay", arguments: { amount: 11 } });
    const { get } = await visitor(gateway);
    const { text } = await get("");
    expect(text).toContain('<a href="/console/activity?policy=large">1 call</a>');
    expect(text).toContain('<a href="/console/activity?policy=trial">would have denied 1</a>');
    const calls = await get("/../activity?policy=trial");
    expect(calls.status).toBe(200);
    expect(calls.text).toContain("pay");
  });

  it.each(["open", "either"])("ask for JSON where the schema of %s gives no form", async (tool) => {
    const { get, post } = await visitor(await start());
    expect((await get(`/try?tool=bank/${tool}`)).text).toContain("Arguments as JSON");
    const page = await post({ tool: `bank/${tool}`, args_json: '{"a": [1, {"b": null}]}' });
    expect(page).toMatchObject({ status: 200, text: expect.stringContaining("The call would be made.") });
  });

  it.each([
    ["a tool that nobody lists", { tool: "bank/gone" }, 400, "Choose one that is listed."],
    ["a time that is none", { tool: "bank/pay", time: "noon" }, 400, "Write the time as RFC 3339 has it"],
    ["JSON that is none", { tool: "bank/pay", args_json: "{" }, 400, "This is not JSON."],
    ["another tool than the one shown", { tool: "bank/pay", shown: "bank/open" }, 200, "Nothing was decided yet."],
    ["the wrong token", { tool: "bank/pay", csrf_token: "0" }, 403, "This page was out of date"],
  ])("refuse %s", async (_, fields, status, text) => {
    const { post } = await visitor(await start());
    const page = await post(fields);
    expect(page.status).toBe(status);
    expect(page.text).toContain(text);
    expect(page.text).not.toContain("The call would");
  });

  it("say each decision in words", async () => {
    const every = `policies:
  - { id: signed, target: { tools: ["bank/pay"] }, when: args.amount > 50, then: { step_up: { acr: [mfa, "otp"], max_age: 5m } } }
  - { id: asked, target: { tools: ["bank/pay"] }, when: args.amount > 10, then: { request_approval: { flow: finance, message: "Pay?" } } }
  - { id: few, target: { tools: ["bank/pay"] }, then: { rate_limit: { limit: 100, per: 1h, cost: args.amount } } }
  - { id: masked, target: { tools: ["bank/pay"] }, then: { redact: { detect: [iban] } } }
  - { id: unseen, target: { tools: ["bank/open"] }, then: { hide: {} } }
`;
    const { post } = await visitor(await start(every));
    const words = async (fields: Readonly<Record<string, string>>) =>
      (await post(fields)).text.replaceAll(/<[^>]*>/g, "").replaceAll(/\s+/g, " ");
    const small = await words({ tool: "bank/pay", "arg/amount": "5" });
    expect(small).toContain("allowed The call would be made.");
    expect(small).toContain("It takes 5 of the 100 that few allows in 1 h.");
    expect(small).toContain("Policies that redact would look at the result");
    const odd = await words({ tool: "bank/pay", "arg/amount": "5", args_json: '{ "Amount": 60 }' });
    expect(odd).toContain("refused The call would be refused for its arguments.");
    expect(odd).toContain("A key differs from another one");
    expect(odd).not.toContain("It takes 5 of the 100");
    const large = await words({ tool: "bank/pay", "arg/amount": "60" });
    expect(large).toContain("step up The caller would be asked to sign in again.");
    expect(large).toContain("with the context mfa or otp");
    expect(large).toContain("no longer than 5 min ago");
    expect(large).toContain("The caller’s sign-in, as written here, has another context.");
    expect(large).toContain("asked tells them: Pay?");
    const signedIn = { user_acr: "mfa", user_auth_time: new Date().toISOString() };
    expect(await words({ tool: "bank/pay", "arg/amount": "60", ...signedIn })).toContain(
      "approval The call would wait until people approve it.",
    );
    const robot = { user_issuer: "portcullis:keys", user_id: "robot" };
    expect(await words({ tool: "bank/pay", "arg/amount": "60", ...robot })).toContain("A machine has nobody who could");
    expect(await words({ tool: "bank/open" })).toContain("hidden The tool does not exist for this caller.");
    expect(await words({ tool: "bank/pay" })).toContain("The condition has no value: args.amount is missing.");
  });

  describe("a caller who was chosen", () => {
    const roles = `policies:
  - id: cfo-only
    target: { tools: ["bank/pay"] }
    when: '!("cfo" in user.roles)'
    then: { deny: { message: "No." } }
`;
    const cleo = { user_email: "", user_id: "cleo", user_roles: "cfo", client_id: "key-of-cleo" };
    const issuer = { user_issuer: "portcullis:keys", user_name: "cleo" };
    it.each([
      ["is who calls where nothing is filled in", { as: "key-of-cleo" }, "allowed", "As cleo, with the role cfo."],
      [
        "takes the place of somebody else's fields",
        { as: "key-of-cleo", filled: "", user_roles: "employee" },
        "allowed",
        "As cleo,",
      ],
      [
        "takes the place of who was filled in before",
        { as: "key-of-ann", filled: "key-of-cleo", ...cleo },
        "denied",
        "As ann, with the role employee.",
      ],
      [
        "may be changed once filled in",
        { as: "key-of-cleo", filled: "key-of-cleo", ...cleo, ...issuer, user_roles: "clerk" },
        "denied",
        "As cleo, with the role clerk.",
      ],
      ["may be nobody", { as: "" }, "denied", "As nobody in particular, without roles."],
      [
        "may be somebody without roles",
        { as: "", user_email: "x@acme.com" },
        "denied",
        "As x@acme.com, without roles.",
      ],
    ])("%s", async (_, fields, word, as) => {
      const { post } = await visitor(await start(roles));
      const { status, text } = await post({ tool: "bank/pay", "arg/amount": "1", ...fields });
      expect(status).toBe(200);
      const words = text.replaceAll(/<[^>]*>/g, "").replaceAll(/\s+/g, " ");
      expect(words).toContain(as);
      expect(words).toContain(`${word} The call would`);
    });

    it("counts with everything that a condition may see of them", async () => {
      const every = `user.id == "cleo" && user.name == "cleo" && user.issuer == "portcullis:keys" && client.id == "key-of-cleo"`;
      const { post } = await visitor(
        await start(
          `policies:\n  - { id: theirs, target: { tools: ["bank/pay"] }, when: '${every}', then: { deny: {} } }\n`,
        ),
      );
      const { text } = await post({ tool: "bank/pay", "arg/amount": "1", as: "key-of-cleo" });
      expect(text.replaceAll(/<[^>]*>/g, "")).toContain("denied The call would be refused.");
    });

    it("stays chosen as long as the fields are theirs, whichever button is pressed", async () => {
      const { post } = await visitor(await start(roles));
      for (const button of ["decide", "fill", "load"]) {
        const { text } = await post({ tool: "bank/pay", as: "key-of-cleo", do: button });
        expect(text).toMatch(/<option value="key-of-cleo" selected/);
        expect(text).toContain('name="filled" value="key-of-cleo"');
        expect(text).toMatch(/name="user_roles"[^>]*value="cfo"/);
      }
      const changed = { as: "key-of-cleo", filled: "key-of-cleo", ...cleo, ...issuer, user_roles: "clerk" };
      const { text } = await post({ tool: "bank/pay", ...changed });
      expect(text).not.toMatch(/<option value="key-of-cleo" selected/);
      expect(text).toContain('name="filled" value=""');
    });

    it("is not taken for nobody when the configuration no longer names them", async () => {
      const { post } = await visitor(await start(roles));
      const { status, text } = await post({ tool: "bank/pay", as: "key-of-nobody" });
      expect(status).toBe(400);
      expect(text).toContain("The configuration names nobody like this now.");
      expect(text).not.toContain("The call would");
    });
  });

  it("show hostile arguments harmlessly", async () => {
    const hostile = "</textarea><script>alert(1)</script>\u202egnp.exe";
    const { post } = await visitor(await start(POLICIES.replace("Too much: {{ args.amount }}", "No: {{ args.note }}")));
    const page = await post({ tool: "bank/pay", "arg/amount": "11", "arg/note": hostile, user_email: '"><img src=x>' });
    expect(page.status).toBe(200);
    expect(page.text).not.toContain("<script>alert");
    expect(page.text).not.toContain("<img");
    expect(page.text).toContain("&lt;script&gt;alert(1)");
  });

  it("bear a canary in arguments nowhere else: no address, no log, no record", async () => {
    const gateway = await start();
    const { post } = await visitor(gateway);
    // The sign-in is on record.
    await gateway.running.wired.audit.flush();
    const before = await gateway.running.wired.store.audit.lastSeq();
    const canary = "canary-6f1d";
    const page = await post({ tool: "bank/pay", "arg/amount": "5", "arg/note": canary, user_roles: "employee" });
    expect(page.text).toContain(canary);
    expect(gateway.logged.join("\n")).not.toContain(canary);
    await gateway.running.wired.audit.flush();
    expect(await gateway.running.wired.store.audit.lastSeq()).toBe(before);
    expect(bank.requests.filter(({ method }) => method === "tools/call")).toEqual([]);
  });

  it("teach where there is no policy yet", async () => {
    const gateway = await startConsole();
    const { get } = await visitor(gateway);
    expect((await get("")).text).toContain("There are no policies yet");
    gateway.writePolicy("first.yaml", POLICIES);
    await eventually(async () => ((await get("")).text.includes("policy-large") ? true : undefined));
  });
});
