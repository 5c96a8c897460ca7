import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventSchema } from "../../src/admin/events/schema.ts";
import { type ApiDocument, readApiDocument } from "../support/api-document.ts";
import { type ApiGateway, get, startApiGateway } from "../support/api-gateway.ts";
import { people } from "../support/approval-people.ts";
import { answer, modernScript, type RawUpstream, startRawUpstream } from "../support/raw-upstream.ts";

const page = readFileSync("docs/api.md", "utf8");
const hasCurl = spawnSync("curl", ["--version"]).status === 0;

/** The contents of the blocks in one language. */
function blocks(language: string): readonly string[] {
  return [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map(([, text = ""]) => text);
}

let expenses: RawUpstream;
let api: ApiGateway;
let described: ApiDocument;
let dir: string;

beforeAll(async () => {
  const tools = [{ name: "create_expense", inputSchema: { type: "object" } }];
  expenses = await startRawUpstream(
    modernScript((request, response) =>
      answer(request, response, { resultType: "complete", tools, ttlMs: 0, cacheScope: "private" }),
    ),
  );
  api = await startApiGateway({ upstreams: { expenses: { url: expenses.url } } });
  described = await readApiDocument(api.port);
  dir = mkdtempSync(join(tmpdir(), "portcullis-docs-"));
});
afterAll(async () => {
  await api.close();
  await expenses.close();
  rmSync(dir, { recursive: true, force: true });
});

describe("docs/api.md", () => {
  it("has every operation in its table, and no other", () => {
    const named = new Set<string>();
    for (const [, cell = ""] of page.matchAll(/^\| (`(?:GET|POST|DELETE)[^|]*) \|/gm)) {
      let [method, path] = ["", ""];
      const methods: string[] = [];
      for (const [, text = ""] of cell.matchAll(/`([^`]+)`/g)) {
        const [, verb, rest] = /^(GET|POST|DELETE)?\s*(\S*)$/.exec(text) ?? [];
        if (verb !== undefined) method = verb;
        if (verb !== undefined) methods.push(verb);
        if (rest === undefined || rest === "") continue;
        // `POST approvals/{id}/decision`, `/cancel`: the last part alone is another one.
        path = rest.startsWith("/") ? path.replace(/\/[^/]+$/, rest) : rest;
        for (const each of verb === undefined ? [method] : methods.splice(0)) named.add(`${each} /api/v1/${path}`);
      }
    }
    const operations = described.operations.map(({ method, path }) => `${method} ${path}`);
    expect([...named, "GET /api/v1/openapi.json"].sort()).toEqual(operations.sort());
  });

  it("shows a refusal as it is answered", async () => {
    const answer = await api.as("ann", get("/approvals?limit=1000"));
    expect(answer.json).toEqual(JSON.parse(blocks("json")[0] ?? "{}"));
  });

  it("shows events as they are", () => {
    const data = [...(blocks("text")[0] ?? "").matchAll(/^data: (.*)$/gm)].map(([, text = ""]) => JSON.parse(text));
    expect(data.map((event) => eventSchema.parse(event).kind)).toEqual([
      "approval",
      "upstream",
      "definitions",
      "policies",
    ]);
  });

  it.skipIf(!hasCurl)("has lines that work as they are written", async () => {
    const answers: string[] = [];
    for (const block of blocks("sh")) {
      const lines = block.replaceAll("http://127.0.0.1:3000", api.gateway.url);
      const env = { ...process.env, PORTCULLIS_KEY: people.key("root") };
      answers.push((await promisify(execFile)("sh", ["-ec", lines], { cwd: dir, env })).stdout);
    }
    const [, waiting, verdict] = answers;
    expect(JSON.parse(readFileSync(join(dir, "portcullis.openapi.json"), "utf8"))).toEqual(described.json);
    expect(JSON.parse(waiting ?? "")).toEqual({ items: [], next_cursor: null });
    expect(JSON.parse(verdict ?? "")).toMatchObject({ decision: { effect: "allow" } });
    expect(readFileSync(join(dir, "denied.csv"), "utf8")).toMatch(/^seq,at,.*\r\n$/);
  });
});
