import { resolve } from "node:path";
import { expect, it } from "vitest";
import { parseStoreUrl } from "../../src/store/store-url.ts";

it.each([
  ["file:./data/portcullis.db", resolve("data/portcullis.db")],
  ["file:data/portcullis.db", resolve("data/portcullis.db")],
  ["file:/var/lib/portcullis.db", "/var/lib/portcullis.db"],
  ["file:///var/lib/my%20data/portcullis.db", "/var/lib/my data/portcullis.db"],
])("%s is the file %s", (url, path) => {
  expect(parseStoreUrl(url)).toEqual({ kind: "file", path });
});

it("file::memory: is no file", () => {
  expect(parseStoreUrl("file::memory:")).toEqual({ kind: "memory" });
});

it.each(["", "file:", "./data/portcullis.db", "sqlite:a.db", "file::temp:", "file:a.db?mode=ro", "file://host/a.db"])(
  "%s is refused",
  (url) => {
    expect(() => parseStoreUrl(url)).toThrow(expect.objectContaining({ code: "STORE_URL_INVALID" }));
  },
);
