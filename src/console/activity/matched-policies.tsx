import type { Child } from "hono/jsx";
import type { RecordedMatch } from "../../audit/read/read-matches.ts";
import { ForeignText } from "../components/foreign-text.tsx";

/** The policies that matched, each with why. */
export function MatchedPolicies({ matches }: { readonly matches: readonly RecordedMatch[] }) {
  if (matches.length === 0) return null;
  return (
    <ul class="matches">
      {matches.map((match) => (
        <li>
          <a href={`/console/policies/${encodeURIComponent(match.policy)}`}>
            <ForeignText text={match.policy} fold={80} />
          </a>{" "}
          <code>{(match.effect ?? "").replace("_", " ")}</code> {whyOf(match)}
        </li>
      ))}
    </ul>
  );
}

function whyOf({ because, error, shadow, satisfied, defaults, said }: RecordedMatch): Child {
  return (
    <>
      {because === "error" ? "counts, because its condition could not be evaluated" : "matched"}
      {error === undefined ? null : (
        <>
          {": "}
          <ForeignText text={error} fold={200} />
        </>
      )}
      {defaults === undefined ? null : (
        <>
          {" with the tool's defaults for "}
          <ForeignText text={defaults.join(", ")} fold={200} />
        </>
      )}
      {satisfied === undefined
        ? null
        : ` and was satisfied by ${satisfied === "token" ? "the caller's token" : "a sign-in"}`}
      {said === undefined ? null : (
        <>
          {", asked "}
          <ForeignText text={said} fold={200} />
        </>
      )}
      {shadow ? ", in shadow: it changed nothing" : null}
    </>
  );
}
