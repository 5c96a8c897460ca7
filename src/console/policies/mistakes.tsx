import { counted } from "../../core/counted.ts";
import type { PolicyMistake } from "../../operations/policies/policies.ts";
import { Banner } from "../components/banner.tsx";
import { CodeBlock } from "../components/code-block.tsx";
import { ForeignText } from "../components/foreign-text.tsx";

/** Shown with their lines; whoever has more of them reads the log. */
const MAX_SHOWN = 20;

/** What is wrong with files that are newer than the set in force. Nothing where nothing is. */
export function Mistakes({ mistakes }: { readonly mistakes: readonly PolicyMistake[] }) {
  if (mistakes.length === 0) return null;
  const more = mistakes.length - MAX_SHOWN;
  return (
    <section class="mistakes" aria-labelledby="mistakes">
      <Banner tone="bad">
        <h2 id="mistakes">The files have {counted(mistakes.length, "mistake")}: what they say now is not in force</h2>
        <p>The policies below still decide. Mend the files, and they are taken up at once.</p>
      </Banner>
      {mistakes.slice(0, MAX_SHOWN).map(({ file, line, column, message, hint, excerpt }) => (
        <div class="panel mistake">
          <p class="mono place">
            {file}:{line}:{column}
          </p>
          <p>
            <ForeignText text={message} />
          </p>
          {excerpt === "" ? null : <CodeBlock label={`${file}, around line ${line}`} text={excerpt} />}
          {hint === undefined ? null : (
            <p class="soft">
              <ForeignText text={hint} />
            </p>
          )}
        </div>
      ))}
      {more > 0 ? <p class="soft">And {counted(more, "mistake")} more: `portcullis policy check` prints all.</p> : null}
    </section>
  );
}
