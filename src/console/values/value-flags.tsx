import { counted, grouped } from "../../core/counted.ts";
import { codeOf } from "./marked-text.tsx";
import type { ReadValue } from "./read-value.ts";
import { MARKS, type Mark } from "./scan-text.ts";

/**
 * What should be known before a value is read: characters that stand out, and what is not on the page. Nothing if there
 * is nothing to say. `file` leads to the whole value, for programs.
 */
export function ValueFlags({ read, file }: { readonly read: ReadValue; readonly file: string | undefined }) {
  const { marks, cut, left } = read;
  const missing = [...amount(cut, "character"), ...amount(left, "member")].join(" and ");
  if (marks.size === 0 && missing === "") return null;
  return (
    <ul class="flags" aria-label="Before you read the arguments">
      {missing === "" ? null : (
        <li class="flag">
          {missing} {cut + left === 1 ? "is" : "are"} not on this page.{" "}
          {file === undefined ? null : <a href={file}>Read all of it in a file</a>}
        </li>
      )}
      {MARKS.map((mark) => {
        const found = marks.get(mark);
        return found === undefined ? null : (
          <li class="flag">
            {grouped(found.count)} {found.count === 1 ? ONE[mark] : MANY[mark]}: {found.samples.map(codeOf).join(", ")}
          </li>
        );
      })}
    </ul>
  );
}

const ONE = {
  direction: "character turns the text around it",
  invisible: "character shows nothing",
  control: "control character",
  space: "space is not a usual one",
  broken: "character has no meaning of its own",
  stacked: "mark is piled on others",
  lookalike: "letter or sign looks like another one",
} as const satisfies Record<Mark, string>;

const MANY = {
  direction: "characters turn the text around them",
  invisible: "characters show nothing",
  control: "control characters",
  space: "spaces are not usual ones",
  broken: "characters have no meaning of their own",
  stacked: "marks are piled on others",
  lookalike: "letters or signs look like others",
} as const satisfies Record<Mark, string>;

function amount(count: number, noun: string): readonly string[] {
  return count === 0 ? [] : [counted(count, noun)];
}
