import { counted, grouped } from "../../core/counted.ts";
import { LIST_NOUNS } from "../../mcp/messages.ts";
import type { UpstreamView } from "../../operations/upstreams/upstreams.ts";
import { FactList } from "../components/facts.tsx";
import { ForeignText } from "../components/foreign-text.tsx";

/** What in the lists of a server clients could not read. Nothing where there is nothing. */
export function UnreadableItems({ faults }: Pick<UpstreamView, "faults">) {
  if (faults.size === 0) return null;
  return (
    <section class="panel">
      <h2>What clients could not read in its lists</h2>
      <FactList
        entries={Array.from(faults, ([list, { count, items }]) => [
          counted(count, LIST_NOUNS[list]),
          <ul>
            {items.map(({ name, leftOut, why }) => (
              <li>
                {name === "" ? "one without a name" : <ForeignText text={name} fold={80} />}
                {leftOut ? ` was left out: ${why}` : ` was repaired: ${why}`}
              </li>
            ))}
            {count > items.length ? <li>and {grouped(count - items.length)} more</li> : null}
          </ul>,
        ])}
      />
    </section>
  );
}
