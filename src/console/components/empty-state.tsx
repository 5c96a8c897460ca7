import type { Child } from "hono/jsx";

/** Stands where a list has nothing to show: says what would be here, and how it comes about. */
export function EmptyState({ title, children }: { readonly title: string; readonly children?: Child }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}
