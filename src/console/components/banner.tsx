import type { Child } from "hono/jsx";

/** `good`: it worked; `warn`: something to know; `bad`: it did not work. */
export type BannerTone = "good" | "warn" | "bad";

/** A notice across the page. A failure is announced at once, everything else when there is a pause. */
export function Banner({ tone, children }: { readonly tone: BannerTone; readonly children?: Child }) {
  return (
    <div class={`banner ${tone}`} role={tone === "bad" ? "alert" : "status"}>
      {children}
    </div>
  );
}
