import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What starts programs and browsers, and with it most of the time. */
const PROGRAMS = [
  ...["e2e", "console", "demo", "commands", "step-up"].map((room) => `test/${room}/**/*.test.{ts,tsx}`),
  "test/**/processes.test.ts",
  "test/approvals/notify/dispatcher.test.ts",
  "test/audit/roll-up.test.ts",
  "test/operations/upstreams.test.ts",
  "test/store/{open-store,rate-limit-rows,secret-key}.test.ts",
  "test/upstream/{remembered-era,stdio}.test.ts",
];

/** Long files first, so that the end is not one of them on one core: files of programs, then the others, each by size. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const bySize = await super.sort(files);
    const isProgram = ({ project }: TestSpecification): boolean => project.name === "programs";
    return [...bySize.filter(isProgram), ...bySize.filter((file) => !isProgram(file))];
  }
}

export default defineConfig({
  test: {
    // Long waits: a machine may be busy, and only what never ends is a failure.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: "100%",
    // No file leaves anything to the next one, so a process for all of them can read the code once.
    isolate: false,
    sequence: { sequencer: LongFirst },
    projects: [
      { extends: true, test: { name: "programs", include: PROGRAMS, globalSetup: "test/support/built.ts" } },
      { extends: true, test: { name: "units", include: ["test/**/*.test.{ts,tsx}"], exclude: PROGRAMS } },
    ],
  },
});
