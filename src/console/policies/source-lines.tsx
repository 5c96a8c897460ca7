import { harmless } from "../harmless.ts";

/** Lines of a file, numbered. The numbers stay behind when the lines are copied. */
export function SourceLines(props: {
  readonly label: string;
  /** From 1. */
  readonly firstLine: number;
  readonly lines: readonly string[];
}) {
  const { label, firstLine, lines } = props;
  return (
    // Long lines scroll inside it, which has to work without a mouse.
    <section class="code source" aria-label={label} tabindex={0}>
      <ol start={firstLine}>
        {lines.map((line) => (
          <li>
            <code>{harmless(line, undefined, { multiline: true }).text}</code>
          </li>
        ))}
      </ol>
    </section>
  );
}
