import { harmless } from "../harmless.ts";

/** Text in a fixed-width face, line by line as it is, made harmless. `label` says to screen readers what it is. */
export function CodeBlock({ text, label }: { readonly text: string; readonly label: string }) {
  const { text: shown } = harmless(text, undefined, { multiline: true });
  return (
    // Long lines scroll inside it, which has to work without a mouse.
    <section class="code" aria-label={label} tabindex={0}>
      <pre>
        <code>{shown}</code>
      </pre>
    </section>
  );
}
