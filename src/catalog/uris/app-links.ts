import type { CatalogMember } from "../member.ts";
import { writeToolLinks } from "./link-places.ts";
import type { Claim } from "./uri-claims.ts";
import { schemeOf } from "./uri-template.ts";

/** Whether these claims may change how pages of apps are named that tools lead to: they have a scheme in common. */
export function mayConcernApps(claims: readonly Claim[], members: Iterable<Pick<CatalogMember, "reader">>): boolean {
  if (claims.length === 0) return false;
  const schemes = new Set(claims.map(({ key }) => schemeOf(key)));
  let concerned = false;
  for (const { reader } of members) {
    for (const { listed } of reader.lists().tools) {
      writeToolLinks(listed, (uri) => {
        concerned ||= schemes.has(schemeOf(uri));
        return uri;
      });
    }
  }
  return concerned;
}
