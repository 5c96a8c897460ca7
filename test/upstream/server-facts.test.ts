import { expect, it } from "vitest";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { readDiscoverResult, readInitializeResult } from "../../src/upstream/messages/server-facts.ts";
import { answer, legacyScript, modernScript, type RawHandler, startRawUpstream } from "../support/raw-upstream.ts";
import { httpUpstream, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();
const eras = {
  legacy: (capabilities: JsonObject) => readInitializeResult({ protocolVersion: "2025-06-18", ...capabilities }),
  modern: (capabilities: JsonObject) =>
    readDiscoverResult({ supportedVersions: ["2026-07-28"], ...capabilities }, "2026-07-28"),
};
const BOTH = Object.entries(eras);

const ODD: ReadonlyArray<readonly [string, JsonObject, JsonObject]> = [
  ["absent", {}, {}],
  ["null", { capabilities: null }, {}],
  ["an empty list", { capabilities: [] }, {}],
  ["an offer that is true", { capabilities: { tools: true } }, { tools: {} }],
  ["an offer that is an empty list", { capabilities: { tools: [] } }, { tools: {} }],
  [
    "offers that are none",
    { capabilities: { tools: false, prompts: null, resources: { subscribe: true } } },
    {
      resources: { subscribe: true },
    },
  ],
  ["larger than is kept", { capabilities: { tools: {}, x: { y: "z".repeat(70_000) } } }, {}],
];

it.each(BOTH.flatMap(([era, read]) => ODD.map(([name, given, taken]) => [era, name, read(given), taken] as const)))(
  "odd capabilities are read with patience: %s, %s",
  (_era, _name, read, capabilities) => {
    expect(read).toMatchObject({ ok: true, facts: { capabilities } });
    expect(read?.ok === true && read.facts.capabilities).toEqual(capabilities);
  },
);

it.each(
  BOTH.flatMap(([era, read]) =>
    (["all", 7, true, ["tools"]] as Json[]).map((capabilities) => [era, capabilities, read({ capabilities })] as const),
  ),
)("what is none says so: %s, %j", (_era, _given, read) => {
  expect(read).toMatchObject({ ok: false, detail: expect.stringMatching(/capabilities in its .* are no object/) });
});

it.each(BOTH)("instructions that were cut, by the server or here, end in whole characters: %s", (_era, read) => {
  for (const instructions of ["cut \ud83d", "\ud83d\ude00".repeat(40_000), `x${"\ud83d\ude00".repeat(40_000)}`]) {
    const facts = read({ capabilities: {}, instructions });
    expect(facts?.ok === true && facts.facts.instructions?.isWellFormed()).toBe(true);
  }
});

it("a revision that is not spoken is named as the reason", () => {
  expect(readInitializeResult({ protocolVersion: "1999-01-01", capabilities: {} })).toMatchObject({
    ok: false,
    detail: "Its initialize result names no revision that is spoken here.",
  });
});

/** The script with these capabilities in its handshake, which lists one tool. */
function offering(capabilities: Json, script: (handler: RawHandler) => RawHandler): RawHandler {
  const rest = script((request, response) =>
    answer(request, response, { resultType: "complete", tools: [{ name: "t", inputSchema: { type: "object" } }] }),
  );
  return (request, response) => {
    const end = response.end.bind(response);
    const changed = (text: unknown) =>
      typeof text === "string"
        ? text.replace(
            /"capabilities":\{.*?\}(?=,"(?:serverInfo|ttlMs)")/,
            `"capabilities":${JSON.stringify(capabilities)}`,
          )
        : text;
    response.end = ((text?: unknown) => end(changed(text))) as typeof response.end;
    rest(request, response);
  };
}

it.each([
  ["legacy", legacyScript],
  ["modern", modernScript],
] as const)("a server that offers tools: true is asked for them: %s", async (_era, script) => {
  const server = closing(await startRawUpstream(offering({ tools: true }, script)));
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url)]));
  const up = await upstreamIn(upstreams, "up");
  expect(await up.list("tools")).toMatchObject({ ok: true, items: [{ name: "t" }] });
});
