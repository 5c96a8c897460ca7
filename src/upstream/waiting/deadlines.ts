import type { Deadline } from "../../core/deadline.ts";
import { compileGlob } from "../../core/glob.ts";
import type { UpstreamOptions, UpstreamRequest } from "../upstream.ts";

/** The deadline of a request where it is another than the upstream's `timeout`; `undefined` where it is that. */
export type DeadlineOf = (request: UpstreamRequest) => Deadline | undefined;

/**
 * Whose deadline counts for a request: for its server speaks the tool, else the upstream; for whoever waits speaks the endpoint,
 * else the gateway (`request.deadline`). Of these two the shorter one counts, the server's where they are equal.
 */
export function createDeadlines(options: Pick<UpstreamOptions, "name" | "timeoutMs" | "toolTimeouts">): DeadlineOf {
  const { name, timeoutMs, toolTimeouts = [] } = options;
  const rules = toolTimeouts
    .map(([glob, ms]) => ({
      fits: compileGlob(glob),
      deadline: { ms, setBy: `upstreams.${name}.tools.timeouts["${glob}"]` },
    }))
    .reverse();
  const ofTool = ({ method, params }: UpstreamRequest): Deadline | undefined => {
    if (rules.length === 0 || method !== "tools/call") return undefined;
    const tool = params["name"];
    return typeof tool === "string" ? rules.find(({ fits }) => fits(tool))?.deadline : undefined;
  };
  return (request) => {
    const own = ofTool(request);
    const waiting = request.deadline;
    return waiting !== undefined && waiting.ms < (own?.ms ?? timeoutMs) ? waiting : own;
  };
}
