import { harmless } from "../harmless.ts";
import { outcomeWords } from "../outcome-words.ts";
import { Badge } from "./badge.tsx";

/** How a call ended, by the word on record; green only where the caller got what it asked for. */
export function OutcomeBadge({ outcome }: { readonly outcome: string | null }) {
  const { text, tone } = outcomeWords(outcome);
  if (outcome === null) return <span title={text}>–</span>;
  return (
    <Badge tone={tone} title={text}>
      {harmless(outcome, 64).text}
    </Badge>
  );
}
