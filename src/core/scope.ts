import type { Deadline } from "./deadline.ts";
import type { Principal } from "./principal.ts";

/** What one MCP endpoint shows: `/mcp` all upstreams, `/mcp/<name>` one of them or a configured selection. */
export interface Scope {
  /** `""` for `/mcp`, else the name after it. */
  readonly endpoint: string;
  /** Upstream names in order; what they own is visible here, nothing else. */
  readonly upstreams: readonly string[];
  /** Whether the endpoint shows this tool (original name). */
  shows(upstream: string, tool: string): boolean;
  /** Whether tools and prompts are named `<upstream>__<name>` here; a single upstream keeps its own names. */
  readonly prefixed: boolean;
  /** Whether somebody may enter, by how they come; left out: everybody whom the gateway lets in. */
  readonly admits?: ((principal: Principal) => boolean) | undefined;
  /** Origins of web pages that may call it, in the place of the gateway's list; left out: that list. */
  readonly origins?: ReadonlySet<string> | undefined;
  /** How long a server may take to answer a request that comes here, if it may not take as long as its own timeout says. */
  readonly deadline?: Deadline | undefined;
}
