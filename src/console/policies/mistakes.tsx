import { counted } from "../../core/counted.ts";
import { placeText } from "../../core/diagnostic.ts";
import type { PolicyErrorView } from "../../operations/policies/policies.ts";
import { Banner } from "../components/banner.tsx";
import { CodeBlock } from "../components/code-block.tsx";
import { ForeignText } from "../components/foreign-text.tsx";

/** Shown with their lines; whoever has more of them reads the log. */
const MAX_SHOWN = 20;

/** What is wrong with files that are newer than the set in force. Nothing where nothing is. */
export function Mistakes({ mistakes }: { readonly mistakes: readonly PolicyErrorView[] }) {
  if (mistakes.length === 0) return null;
  const more = mistakes.length - MAX_SHOWN;
  return (
    <section class="mistakes" aria-labelledby="mistakes">
      <Banner tone="bad">
        <h2 id="mistakes">The files have {counted(mistakes.length, "mistake")}: what they say now is not in force</h2>
        <p>The policies below still decide. Mend the files, and they are taken up at once.</p>
      </Banner>
      {mistakes.slice(0, MAX_SHOWN).map((mistake) => (
        <div class="panel mistake">
          <p class="mono place">{placeText(mistake)}</p>
          <p>
            <ForeignText text={mistake.message} />
          </p>
          {mistake.excerpt === "" ? null : (
            <CodeBlock label={`${mistake.file}, around line ${mistake.line}`} text={mistake.excerpt} />
          )}
          {mistake.hint === undefined ? null : (
            <p class="soft">
              <ForeignText text={mistake.hint} />
            </p>
          )}
        </div>
      ))}
      {more > 0 ? <p class="soft">And {counted(more, "mistake")} more: `portcullis policy check` prints all.</p> : null}
    </section>
  );
}
