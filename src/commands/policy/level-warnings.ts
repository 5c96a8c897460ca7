import { defaultKeyOf, type LevelFolder, levelText, type PolicyLevel } from "../../policy/levels.ts";
import type { PolicySummary } from "../../policy/policy-set.ts";
import type { PolicyPlace } from "./place.ts";

type Place = Pick<PolicyPlace, "dir" | "default" | "levels" | "flows">;

/** What of the policies, as they compile, does nothing, or refuses everything: level by level, since each has a default of its own. */
export function warningsOf(policies: readonly PolicySummary[], place: Place): readonly string[] {
  const live = policies.filter(({ enabled, shadow }) => enabled && !shadow);
  const gateway: LevelFolder = { level: "gateway", dir: place.dir, default: place.default };
  const warnings = [gateway, ...place.levels].flatMap((folder) =>
    warningsOfLevel(
      folder,
      live.filter(({ level }) => level === folder.level),
      live.length > 0,
    ),
  );
  if (place.flows === undefined && live.some(({ effect }) => effect === "request_approval")) {
    warnings.push("There is no configuration, so the names of approval flows were not checked. Name one with -c.");
  }
  return warnings;
}

function warningsOfLevel(folder: LevelFolder, own: readonly PolicySummary[], others: boolean): string[] {
  const { level, dir } = folder;
  const allows = own.filter(({ effect }) => effect === "allow");
  if (own.length === 0) {
    const open = level === "gateway" && !others ? "every call is allowed" : `it refuses no call${of(level)}`;
    const all = folder.default === "deny" ? `every call${of(level)} is denied` : open;
    return [`No policy in ${dir} is in force: ${all}.`];
  }
  if (folder.default === "allow") {
    const names = allows.map(({ id }) => id).join(", ");
    return allows.length === 0 ? [] : [`allow has no effect while ${defaultKeyOf(level)} is allow: ${names}.`];
  }
  if (allows.length > 0) return [];
  return [`${defaultKeyOf(level)} is deny and there is no allow policy${of(level)}: every call${of(level)} is denied.`];
}

function of(level: PolicyLevel): string {
  return level === "gateway" ? "" : ` of ${levelText(level)}`;
}

/** What happens where no policy decides: the gateway's default, and those of the levels that differ. */
export function defaultsText({ default: gateway, levels }: Place): string {
  const others = levels.filter((folder) => folder.default !== gateway);
  return [`default ${gateway}`, ...others.map((folder) => `${defaultKeyOf(folder.level)} ${folder.default}`)].join(
    ", ",
  );
}
