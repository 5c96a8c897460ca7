import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../support/eventually.ts";
import { LINK_CLIENTS, type OnLink } from "../support/link-clients.ts";
import { decide } from "../support/paused-callers.ts";
import { type StepUpGateway, signInAt, startStepUpGateway, TOOL } from "../support/step-up-gateway.ts";

let world: StepUpGateway;
let ann: Record<string, string>;
let count = 0;

beforeAll(async () => {
  world = await startStepUpGateway();
  ann = await world.headers("ann");
}, 60_000);
afterAll(() => world?.close(), 30_000);

const runs = () => world.upstream.seen.filter((headers) => headers["mcp-method"] === "tools/call").length;

describe.each(LINK_CLIENTS)("$client", ({ client: kind, connect }) => {
  const begin = async (onLink?: OnLink) => {
    const client = await connect(world.gateway.mcp, ann, onLink);
    onTestFinished(() => client.close());
    count += 1;
    const text = `pay ${kind} ${count}`;
    return { client, text, call: () => client.call(TOOL, { text }) };
  };

  it("shows the link, and its call goes on by itself once the user has signed in", async () => {
    const before = runs();
    const shown: string[] = [];
    const { client, text, call } = await begin((url) => {
      shown.push(url);
      return "accept";
    });
    const answer = call();
    const url = await eventually(async () => shown[0]);
    await eventually(async () => (world.gateway.running.stats().held > 0 ? true : undefined));
    expect(runs()).toBe(before);
    expect((await signInAt(url, "ann")).status).toBe(200);
    expect(await answer).toEqual({ text, isError: false, structured: undefined });
    expect(shown).toHaveLength(1);
    expect(runs()).toBe(before + 1);
    if (kind === "SDK v1") expect(client.completed).toEqual([url.slice(url.lastIndexOf("/") + 1)]);
  });

  it("waits for the user first and for the approvers then, within one call", async () => {
    const before = runs();
    const shown: string[] = [];
    const { client, text } = await begin((url) => {
      shown.push(url);
      return "accept";
    });
    const answer = client.call(TOOL, { text: `both ${text}` });
    const url = await eventually(async () => shown[0]);
    await signInAt(url, "ann");
    const { approvals } = world.gateway.running.wired;
    const pending = await eventually(async () => (await approvals.list({ states: ["pending"], limit: 1 })).items[0]);
    expect(runs()).toBe(before);
    await decide(world.gateway, pending.id);
    expect(await answer).toMatchObject({ isError: false, text: `both ${text}` });
    expect(runs()).toBe(before + 1);
  });

  it.each(["decline", "cancel"] as const)("tells its model when the user answers %s", async (action) => {
    const before = runs();
    const { call } = await begin(() => action);
    expect(await call()).toMatchObject({ isError: true, text: expect.stringContaining("declined to sign in") });
    expect(runs()).toBe(before);
  });

  it("that shows no links hands its model the link, and its next call goes through", async () => {
    const { text, call } = await begin();
    const { isError, text: words } = await call();
    expect(isError).toBe(true);
    const url = /http:\S+\/step-up\/\S+/.exec(words)?.[0] ?? "";
    expect((await signInAt(url, "ann")).status).toBe(200);
    expect(await call()).toMatchObject({ isError: false, text });
  });
});

it("a sign-in for one call serves all of that call, also what its server asks on the way", async () => {
  const shown: string[] = [];
  const [, modern] = LINK_CLIENTS;
  const client = await modern?.connect(world.gateway.mcp, ann, (url) => {
    shown.push(url);
    return "accept";
  });
  if (client === undefined) throw new Error("There is no such client.");
  onTestFinished(() => client.close());
  const answer = client.call("modern__order", { text: "tea" });
  const url = await eventually(async () => shown[0]);
  await signInAt(url, "ann");
  expect(await answer).toMatchObject({ isError: false, text: "tea for Ada." });
  expect(shown).toHaveLength(1);
  expect(world.upstream.journal).toHaveLength(2);
});

it("a call that waits for its user ends with words when the gateway stops, and goes on after it", async () => {
  const [legacy] = LINK_CLIENTS;
  const shown: string[] = [];
  const client = await legacy?.connect(world.gateway.mcp, ann, (url) => {
    shown.push(url);
    return "accept";
  });
  if (client === undefined) throw new Error("There is no such client.");
  onTestFinished(() => client.close());
  const answer = client.call(TOOL, { text: "pay later" });
  const url = await eventually(async () => shown[0]);
  await eventually(async () => (world.gateway.running.stats().held > 0 ? true : undefined));
  await world.restart();
  expect(await answer).toMatchObject({ isError: true, text: expect.stringContaining(url) });
  await signInAt(url, "ann");
  expect(await client.call(TOOL, { text: "pay later" })).toMatchObject({ isError: false, text: "pay later" });
});
