const ROOMS = ["e2e", "console", "demo", "commands", "step-up"];

const FILES = [
  "approvals/notify/dispatcher",
  "audit/roll-up",
  "operations/upstreams",
  "store/open-store",
  "store/rate-limit-rows",
  "store/secret-key",
  "upstream/remembered-era",
  "upstream/stdio",
];

/** Whether a file of tests starts programs that have to be built, or browsers: those take most of the time. */
export function startsPrograms(path: string): boolean {
  const inTests = path.slice(path.lastIndexOf("/test/") + "/test/".length);
  return (
    ROOMS.some((room) => inTests.startsWith(`${room}/`)) ||
    inTests.endsWith("/processes.test.ts") ||
    FILES.some((file) => inTests === `${file}.test.ts`)
  );
}
