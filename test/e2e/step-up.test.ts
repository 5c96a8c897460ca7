import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { resultOf, textOf } from "../support/paused-callers.ts";
import { callRaw, challengeIn, type StepUpGateway, signInAt, startStepUpGateway } from "../support/step-up-gateway.ts";

let world: StepUpGateway;
let ann: Record<string, string>;

beforeAll(async () => {
  world = await startStepUpGateway();
  ann = await world.headers("ann");
}, 60_000);
afterAll(() => world?.close(), 30_000);

const runs = () => world.upstream.seen.filter((headers) => headers["mcp-method"] === "tools/call").length;
const call = (text: string, headers = ann) => callRaw(world.gateway, headers, text);

describe("a client that cannot show links", () => {
  it("gets the link in words, and its next call goes through once the user has signed in", async () => {
    const before = runs();
    const first = await call("pay 1");
    const result = resultOf(first);
    expect(result).toMatchObject({
      isError: true,
      _meta: { "portcullis/step_up": { acr: ["mfa"], expires_at: expect.stringMatching(/Z$/) } },
    });
    const { id, url } = challengeIn(first);
    expect(url).toBe(`${world.gateway.url}/step-up/${id}`);
    expect(textOf(result)).toMatch(/Not executed.*Paying needs a second factor\..*call modern__echo again/s);
    expect(textOf(result)).toContain(url);
    expect(runs()).toBe(before);

    expect((await signInAt(url, "ann")).status).toBe(200);
    expect(textOf(resultOf(await call("pay 1")))).toBe("pay 1");
    expect(runs()).toBe(before + 1);
  });
});
