import { LIST_NOUNS } from "../../mcp/messages.ts";
import type { UpstreamView } from "../../operations/upstreams/upstreams.ts";
import { Banner } from "../components/banner.tsx";

/** Which lists a server changes in clients' sessions alone, and what to do about it. Nothing where there are none. */
export function UnseenLists({ unseen }: Pick<UpstreamView, "unseen">) {
  if (unseen.length === 0) return null;
  const what = unseen.map((list) => `${LIST_NOUNS[list]}s`).join(", ");
  return (
    <Banner tone="warn">
      <div>It told a client's session of other {what}, and what the gateway reads of them did not change.</div>
      <div>
        What it adds in a session is offered to nobody. If its lists depend on the session, set{" "}
        <code>isolation: shared</code>.
      </div>
    </Banner>
  );
}
