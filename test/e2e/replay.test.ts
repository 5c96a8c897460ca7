import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ArgumentsMode } from "../../src/audit/encode-row.ts";
import { connectRaw, connectSdk1 } from "../support/clients.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type ModernUpstream, startModernUpstream } from "../support/modern-upstream.ts";
import { runPolicyCommand } from "../support/policy-command.ts";
import { createUsers } from "../support/users.ts";

const users = createUsers({ ann: ["employee"], sam: ["employee", "support"] });

const BEFORE = `policies:
  - id: no-shouting
    target: { tools: [modern/echo] }
    when: args.text.startsWith("SHOUT")
    then: { deny: {} }
`;

// What decides anew: by a short text, by the whole of a long one, by a role.
const AFTER = `policies:
  - id: no-whispering
    target: { tools: [modern/echo] }
    when: args.text == "psst"
    then: { deny: {} }
  - id: no-endings
    target: { tools: [modern/echo] }
    when: args.text.endsWith("the end")
    then: { deny: {} }
  - id: support-works
    target: { tools: [modern/work], roles: ["!support"] }
    then: { deny: {} }
`;

const LONG = `${"x".repeat(400)} the end`;

let modern: ModernUpstream;
beforeAll(async () => {
  modern = await startModernUpstream();
});
afterAll(() => modern?.close());

interface Expected {
  /** Of six calls under the policies that decided them, the same; the others cannot be told. */
  readonly same: number;
  readonly after: { readonly same: number; readonly changed: number; readonly unknown: number };
  readonly because: readonly string[];
}

describe.each<[ArgumentsMode, Expected]>([
  ["digest", { same: 2, after: { same: 1, changed: 1, unknown: 4 }, because: ["args is not on record"] }],
  ["redacted", { same: 5, after: { same: 2, changed: 3, unknown: 1 }, because: ["args.text is not on record"] }],
  ["sealed", { same: 6, after: { same: 2, changed: 4, unknown: 0 }, because: [] }],
  ["full", { same: 6, after: { same: 2, changed: 4, unknown: 0 }, because: [] }],
])("calls recorded by a gateway with audit.arguments: %s", (mode, expected) => {
  let gateway: TestGateway;
  let store: string;

  beforeAll(async () => {
    gateway = await startTestGateway(
      { auth: users.auth, upstreams: { modern: { url: modern.url } }, audit: { arguments: mode } },
      { "p.yaml": BEFORE },
    );
    store = `file:${join(gateway.dir, "data", "portcullis.db")}`;
    const [ann, sam] = await Promise.all([
      connectSdk1(gateway.mcp, users.bearer("ann")),
      connectRaw(gateway.mcp, users.bearer("sam")),
    ]);
    await ann.call("modern__echo", { text: "hello" });
    await ann.call("modern__echo", { text: "psst" });
    await ann.call("modern__echo", { text: "SHOUT" });
    await ann.call("modern__echo", { text: LONG });
    await ann.call("modern__work");
    await sam.call("modern__work");
    await Promise.all([ann.close(), sam.close()]);
  });
  afterAll(() => gateway?.close());

  async function replay(...args: readonly string[]): Promise<{ unknown_because: { why: string }[] }> {
    const file = join(gateway.dir, "portcullis.yaml");
    const { out, err } = await runPolicyCommand("replay", "-c", file, "--store", store, "--json", ...args);
    expect(err).toBe("");
    return JSON.parse(out);
  }

  it("are the same under the same policies, beside the running gateway", async () => {
    const { same } = expected;
    expect(await replay()).toMatchObject({ calls: 6, same, changed: 0, other_policies: 0, unknown: 6 - same });
  });

  it("change as far as can be told, when the policies do", async () => {
    const proposed = join(gateway.dir, "proposed");
    mkdirSync(proposed);
    writeFileSync(join(proposed, "p.yaml"), AFTER);
    const found = await replay("--policies", proposed);
    expect(found).toMatchObject({ calls: 6, other_policies: 0, ...expected.after });
    expect([...new Set(found.unknown_because.map(({ why }) => why))]).toEqual(expected.because);
  });
});
