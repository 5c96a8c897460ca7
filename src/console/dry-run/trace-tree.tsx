import type { PolicyDryRun } from "../../operations/policies/policies.ts";
import { ForeignText } from "../components/foreign-text.tsx";

type Trace = NonNullable<PolicyDryRun["policies"][number]["trace"]>;

/** Expressions nest as deeply as their authors write them; nobody reads further down. */
const MAX_DEPTH = 12;

/** An expression with its value, and below it the parts that decided. */
export function TraceTree({ trace }: { readonly trace: Trace }) {
  return (
    <ul class="trace">
      <Part trace={trace} depth={0} />
    </ul>
  );
}

function Part({ trace, depth }: { readonly trace: Trace; readonly depth: number }) {
  const { text, value, error, because } = trace;
  return (
    <li>
      <code>
        <ForeignText text={text} />
      </code>{" "}
      {error === undefined ? (
        <span class={`value ${value === "true" ? "yes" : value === "false" ? "no" : ""}`}>
          = <ForeignText text={value ?? ""} />
        </span>
      ) : (
        <span class="error">
          has no value: <ForeignText text={error} />
        </span>
      )}
      {because.length === 0 || depth === MAX_DEPTH ? null : (
        <ul>
          {because.map((below) => (
            <Part trace={below} depth={depth + 1} />
          ))}
        </ul>
      )}
    </li>
  );
}
