import { expect, it } from "vitest";
import { mayConcernApps } from "../../src/catalog/uris/app-links.ts";
import type { JsonObject } from "../../src/core/json.ts";

const member = (listed: JsonObject) => ({ reader: { lists: () => ({ tools: [{ listed }] }) } }) as never;
const claim = (key: string) => [{ list: "resources" as const, key, unlistedAt: undefined }];

it.each([
  ["the scheme of a page", { _meta: { ui: { resourceUri: "ui://a" } } }, "ui://b", true],
  ["the scheme of a page, as written before", { _meta: { "ui/resourceUri": "ui://a" } }, "ui://{id}", true],
  ["another scheme", { _meta: { ui: { resourceUri: "ui://a" } } }, "file:///a", false],
  ["tools without pages", { _meta: { ui: {} } }, "ui://a", false],
])("claims to %s concern apps: %#", (_what, listed, key, concerned) => {
  expect(mayConcernApps(claim(key), [member({}), member(listed)])).toBe(concerned);
  expect(mayConcernApps([], [member(listed)])).toBe(false);
});
