import type { Child } from "hono/jsx";

/** `good`, `warn` and `bad` as in a banner; `wait`: somebody has to do something; `calm`: none of these. */
export type BadgeTone = "good" | "warn" | "bad" | "wait" | "calm";

/** A short word for a state. The word says it; the colour only helps. */
export function Badge(props: { readonly tone: BadgeTone; readonly title?: string; readonly children?: Child }) {
  const { tone, title, children } = props;
  return (
    <span class={`badge ${tone}`} title={title}>
      {children}
    </span>
  );
}
