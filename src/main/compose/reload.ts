import { basename } from "node:path";
import type { Audit } from "../../audit/audit.ts";
import type { Config } from "../../config/schema/schema.ts";
import type { KeyedHash } from "../../core/keyed-hash.ts";
import type { Wired } from "./wired.ts";

/** More names than these say nothing more. */
const MAX_FILES = 20;
const MAX_UPSTREAMS = 200;

/** Takes over what a changed configuration says, and puts on record that it has changed: which files, digests, which upstreams. */
export function createReload(deps: {
  readonly config: Config;
  /** Has what it says in force, and calls `done` in that moment: not before its policies compile. */
  readonly configure: (config: Config, done: () => void) => void;
  readonly audit: Pick<Audit, "record">;
  /** Configurations hold secrets: their digest must not lead back to any. */
  readonly keyedHash: KeyedHash;
  /** ms since the epoch. */
  readonly now: () => number;
}): Pick<Wired, "reload" | "reloadRefused"> {
  const { configure, audit, keyedHash, now } = deps;
  const digestOf = (config: Config): string => keyedHash(JSON.stringify(config));
  const about = { about: "admin", id: "configuration", actor: undefined } as const;
  const names = (files: readonly string[]): readonly string[] =>
    files.slice(0, MAX_FILES).map((file) => basename(file));
  let inForce = { digest: digestOf(deps.config), upstreams: printsOf(deps.config, keyedHash) };

  function record(config: Config, files: readonly string[]): void {
    const before = inForce;
    inForce = { digest: digestOf(config), upstreams: printsOf(config, keyedHash) };
    if (inForce.digest === before.digest) return;
    const facts = { files: names(files), before: before.digest, after: inForce.digest };
    audit.record({ ...about, at: now(), outcome: "configuration_changed", facts });
    for (const [name, change] of changesBetween(before.upstreams, inForce.upstreams).slice(0, MAX_UPSTREAMS)) {
      audit.record({
        ...about,
        id: name,
        upstream: name,
        at: now(),
        outcome: "upstream_configured",
        facts: { change },
      });
    }
  }

  return {
    reload(config, files = []) {
      configure(config, () => record(config, files));
    },
    reloadRefused(files, mistakes) {
      const facts = { files: names(files), mistakes, before: inForce.digest };
      audit.record({ ...about, at: now(), outcome: "configuration_refused", facts });
    },
  };
}

type Prints = ReadonlyMap<string, string>;

function printsOf({ upstreams }: Config, keyedHash: KeyedHash): Prints {
  return new Map(upstreams.map((upstream) => [upstream.name, keyedHash(JSON.stringify(upstream))]));
}

function changesBetween(
  before: Prints,
  after: Prints,
): readonly (readonly [string, "added" | "changed" | "removed"])[] {
  return [
    ...[...after].flatMap(([name, print]) => {
      const known = before.get(name);
      return known === print ? [] : [[name, known === undefined ? ("added" as const) : ("changed" as const)] as const];
    }),
    ...[...before.keys()].filter((name) => !after.has(name)).map((name) => [name, "removed" as const] as const),
  ];
}
