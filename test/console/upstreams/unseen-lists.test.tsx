import { expect, it } from "vitest";
import { UnseenLists } from "../../../src/console/upstreams/unseen-lists.tsx";

it("the page of a server says which lists it changes in clients' sessions alone", () => {
  const shown = String(<UnseenLists unseen={["tools", "resourceTemplates"]} />).replace(/<[^>]*>/g, "");
  expect(shown).toContain("tools, resource templates");
  expect(shown).toContain("isolation: shared");
  expect(String(<UnseenLists unseen={[]} />)).toBe("");
});
