import { resemblesMark } from "./server-mark.ts";
import { costOfFit, costOfMeeting, fits, mayMeet, readTemplate, schemeOf, type UriTemplate } from "./uri-template.ts";

/** The lists that name URIs. */
export const LISTS = ["resources", "resourceTemplates"] as const;
export type UriList = (typeof LISTS)[number];

/** What a server has listed: a URI or template, and since when it is no longer listed (ms since the epoch), if so. */
export interface Claim {
  readonly list: UriList;
  readonly key: string;
  readonly unlistedAt: number | undefined;
}

/** What has become of a server's claims to one list: those that are new or others now, and keys that are forgotten. */
export interface ClaimChanges {
  readonly kept: readonly Claim[];
  readonly forgotten: readonly string[];
}

/** For how long a server keeps its claim to what it no longer lists, ms: those who were shown it may still have it. */
const KEPT_MS = 30 * 86_400_000;
/** URIs, and templates, of one server. What went longest ago is forgotten first, and what does not fit is no claim. */
const MAX_CLAIMS = 10_000;
/** Longest URI or template that can be claimed, in characters. */
const MAX_CLAIMED = 1_024;

/**
 * How many characters are looked at in templates for one look-up or one result, at up to 20 ns for each: what a search costs
 * is the servers' choice and the caller's.
 */
const MAX_STEPS = 4_000_000;
/** The same for the lists of an endpoint. */
export const STEPS_OF_LISTS = 10_000_000;

/** Counts what templates cost in one piece of work. */
export class Steps {
  #left: number;

  constructor(max = MAX_STEPS) {
    this.#left = max;
  }

  /** Whether they may cost no more: from then on nothing can be told to be one server's alone. */
  get spent(): boolean {
    return this.#left <= 0;
  }

  /** Whether they may cost that much more. */
  take(cost: number): boolean {
    if (this.spent) return false;
    this.#left -= cost;
    return true;
  }
}

/**
 * Which server a plain URI can be of: those that list it or a template for it, or did so within the last 30 days. A URI that is
 * given to anybody without its server's name is claimed by that server alone, and leads there or nowhere.
 */
export interface UriClaims {
  /** Learns what `upstream` lists now. */
  listed(upstream: string, list: UriList, keys: readonly string[]): ClaimChanges;
  /** Takes up what is known from an earlier start. */
  restore(upstream: string, claims: readonly Claim[]): void;
  /** All that `upstream` claims. */
  of(upstream: string): readonly Claim[];
  /** Forgets a server that has left. */
  forget(upstream: string): void;
  /** The servers of `among` that claim this URI. Those whose templates would cost too much to look through count. */
  claimants(uri: string, among: readonly string[], steps?: Steps): readonly string[];
  /** Whether `upstream` alone claims this template, and no other of `among` anything that it could make. */
  ownsTemplate(upstream: string, template: string, among: readonly string[], steps: Steps): boolean;
}

/** `undefined`: it is listed. */
type Kept = Map<string, number | undefined>;

interface Held {
  readonly resources: Kept;
  readonly resourceTemplates: Kept;
  /** By scheme: URIs of one are all that a template of it can make. */
  uris: Map<string, readonly string[]>;
  templates: Map<string, readonly UriTemplate[]>;
}

/** Makes it. `now`: ms since the epoch. */
export function createUriClaims(now: () => number): UriClaims {
  const servers = new Map<string, Held>();

  const heldBy = (upstream: string): Held => {
    let held = servers.get(upstream);
    if (held === undefined) {
      held = { resources: new Map(), resourceTemplates: new Map(), uris: new Map(), templates: new Map() };
      servers.set(upstream, held);
    }
    return held;
  };

  return {
    listed(upstream, list, keys) {
      const held = heldBy(upstream);
      const changes = update(held[list], list, keys, now());
      if (changes.kept.length + changes.forgotten.length > 0) index(held, list);
      return changes;
    },
    restore(upstream, claims) {
      const held = heldBy(upstream);
      for (const { list, key, unlistedAt } of claims) held[list].set(key, unlistedAt);
      index(held, "resources");
      index(held, "resourceTemplates");
    },
    of(upstream) {
      const held = servers.get(upstream);
      return LISTS.flatMap((list) => [...(held?.[list] ?? [])].map(([key, unlistedAt]) => ({ list, key, unlistedAt })));
    },
    forget: (upstream) => servers.delete(upstream),
    claimants(uri, among, steps = new Steps()) {
      if (resemblesMark(uri)) return [];
      const scheme = schemeOf(uri);
      return among.filter((upstream) => {
        const held = servers.get(upstream);
        if (held === undefined) return false;
        if (held.resources.has(uri)) return true;
        for (const template of held.templates.get(scheme) ?? []) {
          if (!steps.take(costOfFit(template, uri)) || fits(template, uri)) return true;
        }
        return false;
      });
    },
    ownsTemplate(upstream, text, among, steps) {
      const template = readTemplate(text);
      if (servers.get(upstream)?.resourceTemplates.has(text) !== true || template.scheme === "") return false;
      const meets = (other: string): boolean => {
        const held = servers.get(other);
        for (const each of held?.templates.get(template.scheme) ?? []) {
          if (!steps.take(costOfMeeting(template, each)) || mayMeet(template, each)) return true;
        }
        for (const uri of held?.uris.get(template.scheme) ?? []) {
          if (!steps.take(costOfFit(template, uri)) || fits(template, uri)) return true;
        }
        return false;
      };
      return !among.some((other) => other !== upstream && meets(other));
    },
  };
}

/** Brings what is kept of one list up to what it says now. */
function update(kept: Kept, list: UriList, keys: readonly string[], at: number): ClaimChanges {
  const listed = new Set(keys.filter((key) => key.length <= MAX_CLAIMED && !resemblesMark(key)));
  const changed: Claim[] = [];
  const forgotten: string[] = [];
  const forget = (key: string): void => {
    kept.delete(key);
    forgotten.push(key);
  };
  for (const [key, unlistedAt] of [...kept]) {
    if (listed.has(key)) continue;
    if (unlistedAt !== undefined) {
      if (at - unlistedAt > KEPT_MS) forget(key);
      continue;
    }
    // Behind all that went before.
    kept.delete(key);
    kept.set(key, at);
    changed.push({ list, key, unlistedAt: at });
  }
  const added = [...listed].filter((key) => !kept.has(key) || kept.get(key) !== undefined);
  const room = MAX_CLAIMS - kept.size - added.filter((key) => !kept.has(key)).length;
  const gone = [...kept].filter(([key, unlistedAt]) => unlistedAt !== undefined && !listed.has(key));
  for (const [key] of gone.slice(0, Math.max(0, -room))) forget(key);
  for (const key of added) {
    if (!kept.has(key) && kept.size >= MAX_CLAIMS) continue;
    kept.set(key, undefined);
    changed.push({ list, key, unlistedAt: undefined });
  }
  return { kept: changed, forgotten };
}

function index(held: Held, list: UriList): void {
  if (list === "resources") {
    held.uris = grouped(held.resources.keys(), schemeOf, (uri) => uri);
    return;
  }
  held.templates = grouped(held.resourceTemplates.keys(), (text) => readTemplate(text).scheme, readTemplate);
  // One that could make any URI is shown with its server's name, and claims none.
  held.templates.delete("");
}

function grouped<V>(keys: Iterable<string>, by: (key: string) => string, value: (key: string) => V): Map<string, V[]> {
  const groups = new Map<string, V[]>();
  for (const key of keys) {
    const group = groups.get(by(key));
    if (group === undefined) groups.set(by(key), [value(key)]);
    else group.push(value(key));
  }
  return groups;
}
