import { join } from "node:path";
import { expect, it } from "vitest";
import { createRowEncoder } from "../../src/audit/encode-row.ts";
import { createSeal } from "../../src/core/seal.ts";
import { openTestStore, temporaryDir } from "../support/audit.ts";
import { digest } from "../support/audit-key.ts";
import { opening } from "../support/audit-opening.ts";

it("calls are read in order, without their ends, in pages, from any row on", async () => {
  const { audit } = openTestStore(join(temporaryDir(), "portcullis.db"));
  const encoder = createRowEncoder({
    arguments: "digest",
    seal: createSeal(Buffer.alloc(32, 7), "audit-arguments"),
    digest,
  });
  const end = { at: 1, outcome: "ok", durationMs: 1 } as const;
  const ids = Array.from({ length: 1_200 }, (_, n) => `call_${n}`);
  await audit.append(ids.flatMap((id) => [encoder.opening(opening(id)), encoder.closing({ callId: id, ...end })]));
  // Nothing was decided about a tool that nobody has.
  const { principal, client, endpoint, session, traceId, method, subjectKind } = opening("");
  const caller = { callId: "call_unlisted", at: 1, principal, client, endpoint, session, traceId };
  await audit.append([encoder.opening({ ...caller, method, upstream: "expenses", subjectKind, unlisted: "t" })]);

  async function read(sinceSeq: number) {
    const pages: number[] = [];
    const found: string[] = [];
    for await (const page of audit.calls(sinceSeq)) {
      pages.push(page.length);
      found.push(...page.map((row) => row.callId));
    }
    return { pages, found };
  }

  expect(await read(1)).toEqual({ pages: [500, 500, 200], found: ids });
  expect(await audit.countCalls(1)).toBe(1_200);
  expect((await read(2_398)).found).toEqual(["call_1199"]);
  expect(await audit.countCalls(2_398)).toBe(1);
  expect((await read(2_401)).pages).toEqual([]);
  expect(await audit.countCalls(2_401)).toBe(0);
});
