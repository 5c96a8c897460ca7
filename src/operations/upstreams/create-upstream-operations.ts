import type { AdminAct, Audit } from "../../audit/audit.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import { type EntryMistake, readUpstreamEntry } from "../../config/checks/upstream-entry.ts";
import { type Refusal, refuse } from "../../core/errors.ts";
import type { AddressRules } from "../../upstream/addresses/address-rules.ts";
import type { ConnectionTest } from "../../upstream/upkeep/test-connection.ts";
import type { UpstreamOptions, Upstreams } from "../../upstream/upstream.ts";
import type { Operator } from "../operator.ts";
import { upstreamAddress } from "./upstream-address.ts";
import type { RegistryEntry, UpstreamRegistry } from "./upstream-registry.ts";
import type { ToolView, UpstreamOperations, UpstreamTest, UpstreamView } from "./upstreams.ts";

export interface UpstreamOperationsDeps {
  readonly registry: UpstreamRegistry;
  readonly upstreams: Pick<Upstreams, "get">;
  readonly tools: () => readonly ToolView[];
  readonly catalog: Pick<Catalog, "faults" | "unseen">;
  /** Where registered upstreams may be. */
  readonly addresses: AddressRules;
  /** Whether registered upstreams may be programs. */
  readonly commands: boolean;
  /** Where clients reach this gateway, without a slash at the end. */
  readonly publicUrl: () => string;
  /** Connects once, in bounded time. */
  readonly attempt: (options: UpstreamOptions) => Promise<ConnectionTest>;
  readonly audit: Pick<Audit, "record">;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** Tests that may run at once: each may start a program. */
const MAX_TESTS = 4;

/** Makes what administrators do with upstreams. */
export function createUpstreamOperations(deps: UpstreamOperationsDeps): UpstreamOperations {
  const { registry, now } = deps;
  let tests = 0;

  const find = (name: string): RegistryEntry | undefined =>
    registry.entries().find((entry) => entry.upstream.name === name);

  const countTools = (): ReadonlyMap<string, number> => {
    const counts = new Map<string, number>();
    for (const { upstream } of deps.tools()) counts.set(upstream, (counts.get(upstream) ?? 0) + 1);
    return counts;
  };

  const viewOf = (
    { upstream, registered }: RegistryEntry,
    tools: ReadonlyMap<string, number>,
  ): UpstreamView | undefined => {
    const { name, transport, isolation, timeoutMs } = upstream;
    const running = deps.upstreams.get(name);
    if (running === undefined) return undefined;
    const selections = registry.endpoints().filter((endpoint) => endpoint.upstreams.includes(name));
    return {
      name,
      source: registered === undefined ? "file" : "registered",
      address: upstreamAddress(transport),
      status: running.status(),
      load: running.load(),
      tools: tools.get(name) ?? 0,
      faults: deps.catalog.faults(name),
      unseen: deps.catalog.unseen(name),
      endpoints: ["/mcp", `/mcp/${name}`, ...selections.map((endpoint) => `/mcp/${endpoint.name}`)],
      isolation,
      timeoutMs,
      registered,
    };
  };

  const get = (name: string): UpstreamView | undefined => {
    const entry = find(name);
    return entry === undefined ? undefined : viewOf(entry, countTools());
  };

  const whyNotAt = async (url: string): Promise<string | undefined> => {
    // Its tools would be its tools' tools, and each list would make the next one longer.
    const [there, here] = [new URL(url), new URL(`${deps.publicUrl()}/mcp/`)];
    if (there.origin === here.origin && `${there.pathname}/`.startsWith(here.pathname)) return "It is this gateway.";
    const verdict = await deps.addresses.check(url);
    return verdict.ok ? undefined : `${verdict.why} ${ALLOW}`;
  };

  const record = ({ principal }: Operator, name: string, outcome: AdminAct["outcome"]): void => {
    const { issuer, subject, email } = principal;
    const actor = { issuer, subject, email };
    deps.audit.record({ about: "admin", id: name, at: now(), actor, upstream: name, outcome });
  };

  return {
    list() {
      const tools = countTools();
      const inOrder = [...registry.entries()].sort((a, b) => (a.upstream.name < b.upstream.name ? -1 : 1));
      return inOrder.flatMap((entry) => viewOf(entry, tools) ?? []);
    },
    get,
    async register(operator, name, entry) {
      if (!operator.admin) return refuse("ADMIN_REQUIRED");
      const read = readUpstreamEntry(name, entry);
      if (!read.ok) return mistaken(read.mistakes);
      const { transport } = read.upstream;
      if (transport.kind === "stdio" && !deps.commands) return mistaken([NO_COMMANDS]);
      if (registry.taken(name)) return refuse("UPSTREAM_EXISTS");
      if (transport.kind !== "stdio") {
        const why = await whyNotAt(transport.url);
        if (why !== undefined) return refuse("UPSTREAM_ADDRESS_REFUSED", why);
      }
      const { issuer, subject, email } = operator.principal;
      const added = await registry.add(name, entry, { issuer, subject, email, at: now() });
      if (added === "exists") return refuse("UPSTREAM_EXISTS");
      if (added === "too_many") return refuse("UPSTREAMS_TOO_MANY");
      record(operator, name, "upstream_registered");
      const upstream = get(name);
      // Somebody was quick to remove it.
      return upstream === undefined ? refuse("UPSTREAM_UNKNOWN") : { ok: true, upstream };
    },
    async remove(operator, name) {
      if (!operator.admin) return refuse("ADMIN_REQUIRED");
      if (await registry.remove(name)) {
        record(operator, name, "upstream_removed");
        return { ok: true };
      }
      return refuse(find(name) === undefined ? "UPSTREAM_UNKNOWN" : "UPSTREAM_FROM_FILE");
    },
    async test(operator, name) {
      if (!operator.admin) return refuse("ADMIN_REQUIRED");
      const entry = find(name);
      if (entry === undefined) return refuse("UPSTREAM_UNKNOWN");
      if (tests >= MAX_TESTS) return refuse("TOO_MANY_OPEN");
      tests++;
      record(operator, name, "upstream_tested");
      try {
        const { tools: _, ...options } = entry.upstream;
        const began = now();
        const tried = await deps.attempt(options);
        deps.upstreams.get(name)?.tested(tried.ok ? undefined : tried.fault);
        return { ok: true, test: testOf(tried, now() - began) };
      } finally {
        tests--;
      }
    },
  };
}

const ALLOW = "What is allowed besides public addresses stands under registration.addresses.";

const NO_COMMANDS: EntryMistake = {
  at: "command",
  message: "Programs cannot be registered here: registration.commands is off in the configuration. Write url.",
};

function mistaken(mistakes: readonly EntryMistake[]): Refusal & { readonly mistakes: readonly EntryMistake[] } {
  const [first] = mistakes;
  const detail = first === undefined ? undefined : first.at === "" ? first.message : `${first.at}: ${first.message}`;
  return { ...refuse("PARAMS_INVALID", detail), mistakes };
}

function testOf(tried: ConnectionTest, ms: number): UpstreamTest {
  if (!tried.ok) return { ok: false, ms, why: tried.fault.detail };
  const tools = tried.tools.flatMap(({ name, description }) => {
    if (typeof name !== "string") return [];
    return [{ name, description: typeof description === "string" ? description : undefined }];
  });
  return { ok: true, ms, status: tried.status, tools };
}
