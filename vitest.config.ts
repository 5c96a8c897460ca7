import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { startsPrograms } from "./test/support/starts-programs.ts";

/** Long files first, so that the end is not one of them on one core: files of programs, then the others, each by size. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const bySize = await super.sort(files);
    const first = ({ moduleId }: TestSpecification): boolean => startsPrograms(moduleId);
    return [...bySize.filter(first), ...bySize.filter((file) => !first(file))];
  }
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
    globalSetup: "test/support/built.ts",
    // Long waits: a machine may be busy, and only what never ends is a failure.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: "100%",
    // No file leaves anything to the next one, so a process for all of them can read the code once.
    isolate: false,
    // What has not changed since the last run is not compiled again: for one file that is half of the work.
    experimental: { fsModuleCache: true },
    sequence: { sequencer: LongFirst },
  },
});
