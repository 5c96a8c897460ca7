import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import type { Actor, Unread } from "../../core/principal.ts";

/** Whoever acts in a token's name, or why that cannot be read. */
export type ReadActors =
  | {
      readonly ok: true;
      readonly actors: readonly Actor[];
      /** What one of them may have besides, in a form that nobody can read. */
      readonly unread: readonly Unread[];
    }
  /** Fixed text. */
  | { readonly ok: false; readonly detail: string };

/** What claims call somebody. */
export interface Called {
  readonly clientId: string | undefined;
  readonly names: readonly string[];
  readonly unread: readonly Unread[];
}

/** More acted one for another in no token that anybody has use for. */
const MAX_ACTORS = 8;

/**
 * Who acts for the subject of a token, as its `act` claim says: the one who does so now first, then those before. Each has
 * to say who it is, by `sub` or as a client: one who is nobody could be anybody. `namesIn` finds all that claims call
 * somebody. RFC 8693 §4.1 @throws never
 */
export function readActors(claims: JsonObject, issuer: string, namesIn: (claims: JsonObject) => Called): ReadActors {
  const actors: Actor[] = [];
  const unread: Unread[] = [];
  for (let act = memberOf(claims, "act"); act !== undefined; act = memberOf(act, "act")) {
    if (!isObject(act)) return { ok: false, detail: "It says that somebody acts for its subject (act), but not who." };
    if (actors.length === MAX_ACTORS) return { ok: false, detail: "Too many act one for another (act)." };
    const { clientId, names, unread: more } = namesIn(act);
    const [sub, iss] = [memberOf(act, "sub"), memberOf(act, "iss")];
    const subject = sub ?? clientId;
    if (!isName(subject) || (iss !== undefined && !isName(iss))) {
      return { ok: false, detail: "It says that somebody acts for its subject (act), but not who." };
    }
    actors.push({ issuer: iss ?? issuer, subject, names: [...new Set([subject, clientId ?? subject, ...names])] });
    unread.push(...more);
  }
  return { ok: true, actors, unread };
}

function memberOf(value: Json, name: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function isName(value: Json | undefined): value is string {
  return typeof value === "string" && value !== "";
}
