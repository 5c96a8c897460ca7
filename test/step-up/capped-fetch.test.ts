import { createServer } from "node:http";
import { afterEach, expect, it } from "vitest";
import { cappedFetch } from "../../src/step-up/provider/capped-fetch.ts";

const servers: { close(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serving(body: string): Promise<string> {
  const server = createServer((_request, response) => response.end(body));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("No port was given.");
  return `http://127.0.0.1:${address.port}/`;
}

const get = async (url: string) =>
  cappedFetch(1_000_000)(url, {
    body: null,
    headers: {},
    method: "GET",
    redirect: "manual",
    signal: new AbortController().signal,
  });

it.each([
  ["too many bytes", "x".repeat(1_000_001)],
  ["too many levels", `${"[".repeat(65)}${"]".repeat(65)}`],
  ["too many values", `[${"1,".repeat(100_001)}1]`],
])("takes no answer of a provider with %s", async (_name, body) => {
  await expect(get(await serving(body))).rejects.toThrow("The answer is too large.");
});

it("takes every other answer as it is", async () => {
  const answer = await get(await serving('{"issuer":"https://idp.example.com"}'));
  expect(await answer.json()).toEqual({ issuer: "https://idp.example.com" });
});
