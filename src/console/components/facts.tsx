import type { Child } from "hono/jsx";

/** A list of named facts. Entries with `undefined` are left out. */
export function FactList({
  entries,
}: {
  readonly entries: readonly (readonly [name: string, value: Child | undefined])[];
}) {
  return (
    <dl class="facts">
      {entries.map(([name, value]) =>
        value === undefined ? null : (
          <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}
