import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { endLeftovers, endMarkedWith, newChildMark } from "../../src/main/leftovers.ts";
import { CHILD_MARK, createChildren } from "../../src/upstream/process/children.ts";
import type { UpstreamOptions } from "../../src/upstream/upstream.ts";
import { eventually } from "../support/eventually.ts";
import { processesWith } from "../support/marked-processes.ts";
import { recordingLog } from "../support/recording-log.ts";
import { UGLY_TREES } from "../support/ugly-trees.ts";
import { nodeUpstream, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();
const timing = { killMs: 150, closeMs: 150 };

function tree(name: string, of: string, tag: string): UpstreamOptions {
  const [command, args] = UGLY_TREES[of] ?? ["false", []];
  const transport = { kind: "stdio", command, args, env: { UGLY_TAG: tag }, cwd: undefined } as const;
  return nodeUpstream(name, [], { era: "legacy", transport });
}

const none = (tag: string) =>
  eventually(async () => (processesWith(`UGLY_TAG=${tag}`).length === 0 ? true : undefined));

describe.skipIf(process.platform !== "linux")("a process tree", () => {
  it("leaves nothing when all upstreams are closed, however ugly it is", async () => {
    const tag = randomUUID();
    const trees = Object.keys(UGLY_TREES).map((of, at) => tree(`up${at}`, of, tag));
    const upstreams = closing(startUpstreams(trees, { timing }));
    await Promise.all(
      Object.keys(UGLY_TREES).map(async (of, at) => {
        if (of !== "never answers" && !of.startsWith("crashes")) await upstreamIn(upstreams, `up${at}`);
      }),
    );
    expect(processesWith(`UGLY_TAG=${tag}`).length).toBeGreaterThanOrEqual(trees.length);
    await upstreams.close();
    await none(tag);
  });

  it("leaves nothing when its sessions come and go", async () => {
    const tag = randomUUID();
    const count = Number(process.env["SESSIONS"] ?? 30);
    const upstreams = closing(
      startUpstreams([{ ...tree("up", "is started by a shell that waits for it", tag), maxSessions: 6 }], { timing }),
    );
    const up = await upstreamIn(upstreams, "up");
    const before = readdirSync("/proc/self/fd").length;
    const own = processesWith(`UGLY_TAG=${tag}`).length;
    for (let from = 0; from < count; from += 3) {
      const keys = [from, from + 1, from + 2].map(String);
      await Promise.all(keys.map((key) => up.session(testPeer(key)).request(toolCall("x"))));
      for (const key of keys) upstreams.release(key);
    }
    await eventually(async () => (processesWith(`UGLY_TAG=${tag}`).length <= own ? true : undefined));
    await eventually(async () => (readdirSync("/proc/self/fd").length <= before ? true : undefined));
    await upstreams.close();
    await none(tag);
  });

  it("is killed at once where a process ends without waiting", async () => {
    const tag = randomUUID();
    const children = createChildren();
    const upstreams = closing(startUpstreams([tree("up", "ignores SIGTERM, too", tag)], { timing, children }));
    await upstreamIn(upstreams, "up");
    upstreams.apply([]);
    children.kill();
    await none(tag);
  });

  it("that left its group is found by its mark", async () => {
    const tag = randomUUID();
    const mark = (await newChildMark()) ?? "";
    const options = nodeUpstream("up", [UGLY_TREES["ignores SIGTERM, too"]?.[1][0] ?? "", "daemon"], { era: "legacy" });
    if (options.transport.kind !== "stdio") throw new Error("not a program");
    const marked = { ...options, transport: { ...options.transport, env: { UGLY_TAG: tag } } };
    const log = recordingLog();
    const upstreams = closing(startUpstreams([marked], { timing, children: createChildren(mark) }));
    await upstreamIn(upstreams, "up");
    await upstreams.close();
    expect(processesWith(`UGLY_TAG=${tag}`)).toHaveLength(1);
    // This process runs, so nothing of it is left over, and what another gateway in it started is not meant.
    await endLeftovers(undefined, { log });
    await endMarkedWith(`${mark}x`, { log });
    expect(processesWith(`UGLY_TAG=${tag}`)).toHaveLength(1);
    await endMarkedWith(mark, { log });
    await none(tag);
  });

  it.each([
    ["of a gateway that is gone", (mark: string) => mark.replace(/^\d+/, "4194304"), undefined, 0],
    ["of a gateway whose id is another process's now", (mark: string) => mark.replace(/\.\d+\./, ".1."), undefined, 0],
    ["of a gateway that runs", (mark: string) => mark, undefined, 1],
    ["with the mark that this process has itself", () => "4194304.1.inherited", "4194304.1.inherited", 1],
    ["with another text for a mark", () => "yes", undefined, 1],
  ] as const)("%s is or is not left over", async (_, made, inherited, left) => {
    const tag = randomUUID();
    const mark = made((await newChildMark()) ?? "");
    // Started by a process that leaves it: nobody but the system waits for it.
    const env = { PATH: process.env["PATH"] ?? "", UGLY_TAG: tag, [CHILD_MARK]: mark };
    spawnSync("sh", ["-c", "trap '' TERM; sleep 1000 > /dev/null 2>&1 &"], { env });
    await eventually(async () => (processesWith(`UGLY_TAG=${tag}`).length === 1 ? true : undefined));
    await endLeftovers(inherited, { log: recordingLog(), graceMs: 100 });
    if (left === 0) await none(tag);
    else expect(processesWith(`UGLY_TAG=${tag}`)).toHaveLength(left);
    for (const pid of processesWith(`UGLY_TAG=${tag}`)) process.kill(pid, "SIGKILL");
  });
});
