import type { Child } from "hono/jsx";
import type { OperatorEvent } from "../../operations/events/events.ts";
import type { AssetUrls } from "../assets.ts";

/**
 * A part of a page that keeps itself current where scripts run: it is fetched again from `url` when something of its kind
 * changes, or only when `id` does. One on a page.
 */
export function Live(props: {
  readonly assets: AssetUrls;
  readonly kind: OperatorEvent["kind"];
  readonly id?: string;
  readonly url: string;
  /** ms since the epoch: by this clock the script counts the time that is left. */
  readonly now: number;
  readonly children?: Child;
}) {
  const { assets, kind, id, url, now, children } = props;
  return (
    <>
      <div data-live={kind} data-live-id={id} data-live-url={url} data-at={String(now)}>
        {children}
      </div>
      <script src={assets("live.js")} defer />
    </>
  );
}
