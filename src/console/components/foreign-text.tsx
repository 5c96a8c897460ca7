import { harmless } from "../harmless.ts";

/**
 * A text that somebody else wrote: arguments, reasons, names, descriptions. Characters without a shape stand there as
 * their code points and are flagged. What is longer than `fold` characters begins folded, and opens without a script.
 */
export function ForeignText(props: {
  readonly text: string;
  /** Default 400. */
  readonly fold?: number;
  /** Keeps line feeds and tabs. */
  readonly multiline?: boolean;
}) {
  const { text, fold = 400, multiline = false } = props;
  const { text: shown, marked } = harmless(text, MAX_SHOWN, { multiline });
  const lines = multiline ? "foreign lines" : "foreign";
  return (
    <>
      {marked === 0 ? null : (
        <span class="flag">
          {marked === 1
            ? "1 unseen character is shown as its code."
            : `${marked} unseen characters are shown as codes.`}
        </span>
      )}
      {shown.length <= fold ? (
        <span class={lines}>{shown}</span>
      ) : (
        <details class="fold">
          <summary>
            <span class={lines}>{shown.slice(0, fold)}…</span> <span class="more">all {text.length} characters</span>
          </summary>
          <span class={lines}>{shown}</span>
        </details>
      )}
      {text.length > MAX_SHOWN ? (
        <span class="flag">{text.length - MAX_SHOWN} more characters are not shown.</span>
      ) : null}
    </>
  );
}

/** What a page can hold of one text: more would only make the browser slow. */
const MAX_SHOWN = 100_000;
