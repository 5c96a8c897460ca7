import fc from "fast-check";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { Cancellation } from "../../src/core/cancellation.ts";
import { createKeyedHash } from "../../src/core/keyed-hash.ts";
import { createLongRedactions, type LongRedactions } from "../../src/redaction/long-redactions.ts";
import { redactBytes } from "../../src/redaction/redact-bytes.ts";
import { compileRedaction, DETECTORS, mergeRedactions } from "../../src/redaction/redaction.ts";

const secret = new Uint8Array(32).fill(7);
const purpose = "test";
const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const textsOf = (text: string): Uint8Array => bytesOf({ content: [{ type: "text", text }] });
const everything = compileRedaction({ detect: [...DETECTORS], paths: ["$.secret"], with: "replace" });
const hashed = compileRedaction({ detect: ["email"], paths: ["$..note"], with: "hash" });
const SLOW = textsOf("\uff11\uff12".repeat(200_000));

const of = (holder: string, source = "mail") => ({ source, holder });
const open: LongRedactions[] = [];
const start = (maxMs?: number): LongRedactions => {
  const redactions = createLongRedactions({ secret, purpose, ...(maxMs !== undefined && { maxMs }) });
  open.push(redactions);
  return redactions;
};
afterEach(async () => {
  for (const redactions of open.splice(0)) await redactions.close();
});

describe("a long result", () => {
  const shared = createLongRedactions({ secret, purpose });
  afterAll(() => shared.close());

  it("comes out of the thread as it would here, whatever it holds and is searched for", async () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom("ann@acme.com", "4111 1111 1111 1111", "DE89370400440532013000"),
    );
    const leaf = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null));
    const document = fc.record({
      content: fc.array(fc.record({ type: fc.constant("text"), text })),
      structuredContent: fc.dictionary(fc.constantFrom("secret", "note", "mail", "in"), fc.oneof(leaf, fc.array(leaf))),
    });
    const garbage = fc.uint8Array({ maxLength: 50 });
    const given = fc.oneof(document.map(bytesOf), garbage);
    const redactions = fc.subarray([everything, hashed], { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(given, redactions, async (bytes, wanted) => {
        const here = redactBytes("tool", bytes, mergeRedactions(wanted), createKeyedHash(secret, purpose));
        const answer = await shared.redact("tool", bytes, wanted, of("ann"));
        expect(answer.kind).toBe(here.kind);
        if (answer.kind === "changed" && here.kind === "changed") {
          expect(new TextDecoder().decode(answer.bytes)).toBe(new TextDecoder().decode(here.bytes));
        } else expect(answer).toEqual(here);
      }),
      { numRuns: 100 },
    );
  });

  it.each(["tool", "prompt", "resource", "completion"] as const)("is searched as what it is: a %s", async (kind) => {
    const given = bytesOf({
      contents: [
        { uri: "a://b", mimeType: "text/plain", blob: btoa("ann@acme.com") },
        { uri: "a://c", mimeType: "image/png", blob: btoa("ann@acme.com") },
      ],
      completion: { values: ["ann@acme.com"], secret: 1 },
      messages: [{ role: "user", content: { type: "image", mimeType: "image/png", data: "AAAA" } }],
    });
    const wanted = [hashed, compileRedaction({ detect: [], paths: ["$.secret"], with: "drop", binary: "withhold" })];
    const here = redactBytes(kind, given, mergeRedactions(wanted), createKeyedHash(secret, purpose));
    const there = await shared.redact(kind, given, wanted, of("ann"));
    if (here.kind !== "changed" || there.kind !== "changed") throw new Error("Nothing was found.");
    expect(Buffer.from(there.bytes).toString()).toBe(Buffer.from(here.bytes).toString());
    expect(Buffer.from(there.bytes).includes("[withheld: image/png]")).toBe(kind !== "completion" && kind !== "tool");
  });

  it("does not hold the event loop, however slow it is to search", async () => {
    let over = false;
    const search = shared.redact("tool", SLOW, [everything], of("ann")).finally(() => {
      over = true;
    });
    let turns = 0;
    while (!over) {
      turns++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await search;
    expect(turns).toBeGreaterThan(100);
  });

  it("is withheld when its search takes too long, and the next one is searched", async () => {
    const redactions = start(4_000);
    const endless = textsOf("\uff11\uff12".repeat(4_000_000));
    expect(await redactions.redact("tool", endless, [everything], of("ann"))).toMatchObject({ kind: "withheld" });
    expect(await redactions.redact("tool", textsOf("ann@acme.com"), [everything], of("ann"))).toMatchObject({
      kind: "changed",
    });
  });

  it("waits for its turn behind one of each other principal, not behind all of them", async () => {
    const redactions = start();
    const order: string[] = [];
    const search = async (holder: string, text: string): Promise<void> => {
      await redactions.redact("tool", textsOf(text), [everything], of(holder));
      order.push(holder);
    };
    const hostile = Array.from({ length: 10 }, () => search("hostile", "x ".repeat(10_000)));
    await Promise.all([...hostile, search("honest", "hello")]);
    expect(order.indexOf("honest")).toBeLessThanOrEqual(2);
  });

  it("does not wait for results of a server whose took long, however many ask for those", async () => {
    const redactions = start();
    await redactions.redact("tool", SLOW, [everything], of("ann", "hostile"));
    let slow = 0;
    const others = Array.from({ length: 5 }, (_, index) =>
      redactions.redact("tool", SLOW, [everything], of(`caller ${index}`, "hostile")).then(() => slow++),
    );
    await redactions.redact("tool", textsOf("hello"), [everything], of("bob"));
    expect(slow).toBeLessThanOrEqual(1);
    await redactions.close();
    await Promise.all(others);
  });

  it("is withheld when too many of its principal wait, and no other's is", async () => {
    const redactions = start();
    const hostile = Array.from({ length: 60 }, () =>
      redactions.redact("tool", textsOf("hello"), [everything], of("hostile")),
    );
    const honest = redactions.redact("tool", textsOf("hello"), [everything], of("honest"));
    expect(await honest).toEqual({ kind: "same" });
    const answers = await Promise.all(hostile);
    expect(answers.filter(({ kind }) => kind === "withheld").length).toBeGreaterThan(0);
    expect(answers[0]).toEqual({ kind: "same" });
  });

  it("is searched no longer once its call is cancelled, whether it waits or not", async () => {
    const redactions = start();
    const endless = textsOf("\uff11\uff12".repeat(4_000_000));
    const calls = [1, 2, 3].map(() => new Cancellation());
    const answers = calls.map((call) => redactions.redact("tool", endless, [everything], of("ann"), call));
    const next = redactions.redact("tool", textsOf("ann@acme.com"), [everything], of("bob"));
    for (const call of calls) call.cancel("the client went away");
    for (const answer of await Promise.all(answers)) {
      expect(answer).toEqual({ kind: "withheld", reason: "The call was cancelled." });
    }
    expect(await next).toMatchObject({ kind: "changed" });
    const late = redactions.redact("tool", endless, [everything], of("ann"), calls[0]);
    expect(await late).toMatchObject({ kind: "withheld" });
  });

  it("is withheld once the gateway stops, also one that waits", async () => {
    const redactions = start();
    const answers = [1, 2, 3].map(() => redactions.redact("tool", SLOW, [everything], of("ann")));
    await redactions.close();
    for (const answer of await Promise.all(answers)) expect(answer.kind).toBe("withheld");
  });
});
