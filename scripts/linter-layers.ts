import { readFileSync } from "node:fs";
import { type InnerRoom, ROOMS, type Room } from "./layers.ts";

/** The linter's configuration, which holds what may import what. */
export const LINTER = new URL("../biome.json", import.meta.url);

const MESSAGE =
  "Imports go only to a lower tier, and one outside library belongs to one room: see docs/architecture.md.";

interface Override {
  readonly includes: readonly string[];
  readonly linter: unknown;
}

interface LinterConfig {
  readonly overrides: readonly Override[];
  readonly [key: string]: unknown;
}

/** What `biome.json` must hold: as it stands, with the rules for `src/` made anew from the table of rooms. */
export function linterConfig(): LinterConfig {
  const config: LinterConfig = JSON.parse(readFileSync(LINTER, "utf8"));
  const others = config.overrides.filter(({ includes }) =>
    includes.every((path) => !/^src\/[^/]+\/(\*\/)?\*\*$|^src\/[a-z-]+\/[^/*]+\/\*\*$/.test(path)),
  );
  return { ...config, overrides: [...others, ...ROOMS.flatMap(overridesOf)] };
}

function overridesOf(room: Room): readonly Override[] {
  const whole = override(`src/${room.name}/**`, [
    "./**",
    ...room.uses.map((name) => `../${name}/**`),
    ...(room.libraries ?? []),
  ]);
  return [whole, ...(room.inner ?? []).map((inner, index) => innerOverride(room, inner, index))];
}

function innerOverride(room: Room, inner: InnerRoom, index: number): Override {
  const below = inner.below ?? (room.inner ?? []).slice(0, index).map(({ name }) => name);
  return override(`src/${room.name}/${inner.name}/**`, [
    "./**",
    "../*",
    ...below.map((name) => `../${name}/**`),
    ...(inner.uses ?? room.uses).map((name) => `../../${name}/**`),
    ...(room.libraries ?? []),
    ...(inner.libraries ?? []),
  ]);
}

function override(path: string, allowed: readonly string[]): Override {
  const group = ["**", ...["node:*", "node:*/*", ...allowed].map((pattern) => `!${pattern}`)];
  const noRestrictedImports = { level: "error", options: { patterns: [{ group, message: MESSAGE }] } };
  const deniedGlobals = {
    process: "Only main/, cli.ts and commands/ touch process.",
    console: "Log through core/log.ts.",
  };
  const noRestrictedGlobals = { level: "error", options: { deniedGlobals } };
  return { includes: [path], linter: { rules: { style: { noRestrictedImports, noRestrictedGlobals } } } };
}
