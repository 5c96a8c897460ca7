import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Demo, runLines, startDemo } from "../support/demo.ts";

const hasCurl = spawnSync("curl", ["--version"]).status === 0;

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo(["--import", new URL("../support/without-oidc-provider.mjs", import.meta.url).href]);
}, 70_000);
afterAll(() => demo?.stop());

describe.skipIf(!hasCurl)("the demo where oidc-provider is not installed", () => {
  it("says what is left out and how to have it, and leaves out the step that needs it", () => {
    const tour = demo.program.output();
    expect(tour).toContain("npm install --no-save oidc-provider");
    expect(tour).not.toContain("payments__make_payment");
    expect(tour.match(/^\d\. /gm)).toEqual(["1. ", "2. ", "3. ", "4. ", "5. "]);
  });

  it("works as ever for the rest, and refuses what nobody could sign in for", async () => {
    const denied = demo.curl("expenses__create_expense");
    const call = async (line: string) => JSON.parse((await runLines(line).ended).out).result;
    expect(await call(denied)).toMatchObject({ isError: true });
    expect(await call(denied.replace("12000", "120"))).not.toHaveProperty("isError");
    const payment = denied
      .replaceAll("expenses__create_expense", "payments__make_payment")
      .replace(/"arguments":\{.*?\}/, '"arguments":{"amount":900,"to":"ACME"}');
    const refused = await call(payment);
    expect(refused).toMatchObject({ isError: true });
    expect(refused.content[0].text).toMatch(/^Not executed/);
    expect(refused.content[0].text).not.toContain("/step-up/");
  });
});
