import type { LongRedactions } from "../../redaction/long-redactions.ts";
import type { RedactedBytes } from "../../redaction/redact-bytes.ts";
import type { Redaction } from "../../redaction/redaction.ts";

/**
 * Searches a result once for whoever looks at it again and again: for as long as its bytes are remembered, so is what the last
 * search of them came to. What else policies take out for somebody else, or by now, is another search.
 */
export function rememberRedactions({ redact }: Pick<LongRedactions, "redact">): Pick<LongRedactions, "redact"> {
  const last = new WeakMap<Uint8Array, { readonly key: string; readonly answer: RedactedBytes }>();
  return {
    async redact(kind, bytes, redactions, owner, cancellation) {
      const key = [kind, ...redactions.map(textOf)].join("\n");
      const known = last.get(bytes);
      if (known?.key === key) return known.answer;
      const answer = await redact(kind, bytes, redactions, owner, cancellation);
      if (answer.kind !== "withheld") last.set(bytes, { key, answer });
      return answer;
    },
  };
}

function textOf({ detectors, paths, binary }: Redaction): string {
  return JSON.stringify([[...detectors], binary, paths.map(({ path, with: how }) => [path.text, how])]);
}
