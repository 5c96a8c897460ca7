import type { PolicyEntry } from "../file/schema.ts";
import { idAt, keyOfLevel, nameOf, type PolicyLevel } from "../levels.ts";
import { compileGlobSelection } from "./glob-selection.ts";

/** A policy as it counts in the whole set. */
export interface LeveledEntry {
  readonly entry: PolicyEntry;
  /** Its own target leaves its level out, so that it would never count. */
  readonly isIdle: boolean;
}

/** Gives a policy the level of its folder: as a further key of its target, and in its id. */
export function atLevel(entry: PolicyEntry, level: PolicyLevel): LeveledEntry {
  const key = keyOfLevel(level);
  if (key === undefined) return { entry, isIdle: false };
  const name = nameOf(level);
  const written = entry.target?.[key];
  const isIdle = written !== undefined && !compileGlobSelection(written).one(name);
  // Others that its author names besides have nothing to do with this level.
  const target = { ...entry.target, [key]: isIdle ? written : [name] };
  return { entry: { ...entry, id: idAt(level, entry.id), target }, isIdle };
}
