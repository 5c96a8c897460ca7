import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import type { Actor } from "../../core/principal.ts";

/** Whoever acts in a token's name, or why that cannot be read. */
export type ReadActors =
  | { readonly ok: true; readonly actors: readonly Actor[] }
  /** Fixed text. */
  | { readonly ok: false; readonly detail: string };

/** More acted one for another in no token that anybody has use for. */
const MAX_ACTORS = 8;

/**
 * Who acts for the subject of a token, as its `act` claim says: the one who does so now first, then those before. Each has
 * to say who it is, by `sub` or as a client: one who is nobody could be anybody. `namesIn` finds all that claims call
 * somebody. RFC 8693 §4.1 @throws never
 */
export function readActors(
  claims: JsonObject,
  issuer: string,
  namesIn: (claims: JsonObject) => { readonly clientId: string | undefined; readonly names: readonly string[] },
): ReadActors {
  const actors: Actor[] = [];
  for (let act = memberOf(claims, "act"); act !== undefined; act = memberOf(act, "act")) {
    if (!isObject(act)) return { ok: false, detail: "It says that somebody acts for its subject (act), but not who." };
    if (actors.length === MAX_ACTORS) return { ok: false, detail: "Too many act one for another (act)." };
    const { clientId, names } = namesIn(act);
    const [sub, iss] = [memberOf(act, "sub"), memberOf(act, "iss")];
    const subject = sub ?? clientId;
    if (!isName(subject) || (iss !== undefined && !isName(iss))) {
      return { ok: false, detail: "It says that somebody acts for its subject (act), but not who." };
    }
    actors.push({ issuer: iss ?? issuer, subject, names: [...new Set([subject, clientId ?? subject, ...names])] });
  }
  return { ok: true, actors };
}

function memberOf(value: Json, name: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function isName(value: Json | undefined): value is string {
  return typeof value === "string" && value !== "";
}
