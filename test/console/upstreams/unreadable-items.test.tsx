import { expect, it } from "vitest";
import { UnreadableItems } from "../../../src/console/upstreams/unreadable-items.tsx";

it("the page of a server says what clients could not read in its lists, and does no harm with their names", () => {
  const items = [
    { name: "<b>\u202e", leftOut: true, why: "it is no object" },
    { name: "", leftOut: false, why: "icons, title" },
  ];
  const html = String(
    <UnreadableItems
      faults={
        new Map([
          ["tools", { count: 5_000, items }],
          ["resourceTemplates", { count: 1, items: [] }],
        ])
      }
    />,
  );
  const shown = html.replace(/<[^>]*>/g, "");
  expect(html).not.toContain("<b>");
  expect(shown).toContain("[U+202E] was left out: it is no object");
  expect(shown).toContain("one without a name was repaired: icons, title");
  expect(shown).toContain("5,000 tools");
  expect(shown).toContain("and 4,998 more");
  expect(shown).toContain("1 resource template");
  expect(String(<UnreadableItems faults={new Map()} />)).not.toContain("section");
});
