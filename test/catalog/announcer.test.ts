import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type CatalogChange, createChangeEmitter } from "../../src/catalog/change-emitter.ts";
import { recordingLog } from "../support/recording-log.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const start = () => {
  const announcer = createChangeEmitter({ windowMs: 25, log: recordingLog() });
  const heard: CatalogChange[] = [];
  announcer.onChange((change) => heard.push(change));
  return { announcer, heard };
};

it("tells once of what changed together; templates are told as resources", () => {
  const { announcer, heard } = start();
  for (const list of ["tools", "resources", "tools", "resourceTemplates"] as const) {
    announcer.soon({ list, upstream: "a" });
  }
  announcer.soon({ list: "tools", upstream: "b" });
  expect(heard).toEqual([]);
  vi.advanceTimersByTime(25);
  expect(heard).toEqual([
    { list: "tools", upstream: "a" },
    { list: "resources", upstream: "a" },
    { list: "tools", upstream: "b" },
  ]);
});

it("does not tell later what it told at once", () => {
  const { announcer, heard } = start();
  announcer.soon({ list: "tools", upstream: "a" });
  announcer.now([{ list: "tools", upstream: "a" }]);
  vi.advanceTimersByTime(100);
  expect(heard).toEqual([{ list: "tools", upstream: "a" }]);
});

it("tells the others when one listener fails", () => {
  const { announcer } = start();
  const after: CatalogChange[] = [];
  announcer.onChange(() => {
    throw new Error("a listener's own fault");
  });
  announcer.onChange((change) => after.push(change));
  announcer.now([{ list: "prompts", upstream: "a" }]);
  expect(after).toHaveLength(1);
});
