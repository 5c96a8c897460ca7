import { counted, grouped } from "../../core/counted.ts";
import { MarkedText } from "./marked-text.tsx";
import type { ShownMember, ShownText, ShownValue } from "./read-value.ts";

/** A JSON value as an indented tree that opens and closes without a script. */
export function ValueTree({ value }: { readonly value: ShownValue }) {
  return (
    <div class="tree">
      <Value value={value} top={true} />
    </div>
  );
}

function Value({ value, top = false }: { readonly value: ShownValue; readonly top?: boolean }) {
  switch (value.kind) {
    case "literal":
      return <span class="literal">{value.text}</span>;
    case "text":
      return (
        <>
          <Text text={value.text} />
          {value.resembles === undefined ? null : (
            <span class="type" title={`A text, although it reads like ${withArticle(value.resembles)}`}>
              text
            </span>
          )}
        </>
      );
    case "list":
    case "object":
      return <Members {...value} top={top} />;
    default:
      return value satisfies never;
  }
}

function Members(props: Extract<ShownValue, { kind: "list" | "object" }> & { readonly top: boolean }) {
  const { kind, size, members, more, left, top } = props;
  if (size === 0) return <span class="type">{top ? "none" : `empty ${kind}`}</span>;
  return (
    <>
      {top ? null : <span class="type">{kind === "list" ? `list of ${grouped(size)}` : counted(size, "member")}</span>}
      <ul>
        {members.map((member) => (
          <Member {...member} />
        ))}
      </ul>
      {more.length === 0 ? null : (
        <details class="fold">
          <summary>{grouped(more.length)} more</summary>
          <ul>
            {more.map((member) => (
              <Member {...member} />
            ))}
          </ul>
        </details>
      )}
      {left === 0 ? null : <span class="flag">{counted(left, "more member")}, not on this page</span>}
    </>
  );
}

function Member({ label, value, looked }: ShownMember) {
  return (
    <li class={looked ? "looked" : undefined}>
      <span class="key">{typeof label === "number" ? label + 1 : <Name text={label} />}</span>
      {looked ? (
        <span class="rule" title="A policy that asks for this approval looked at it">
          policy
        </span>
      ) : null}
      <Value value={value} />
    </li>
  );
}

// Quotes only where a name could be read as something else than one word.
function Name({ text }: { readonly text: ShownText }) {
  const [run, ...others] = text.head;
  const plain = others.length === 0 && run?.mark === undefined && /^[\w.$@:/-]+$/.test(run?.text ?? "");
  return plain && text.whole.length === 0 ? <MarkedText runs={text.head} /> : <Text text={text} />;
}

function Text({ text }: { readonly text: ShownText }) {
  const { length, head, tail, whole, cut } = text;
  const missing = cut === 0 ? null : <span class="flag">{counted(cut, "more character")}, not on this page</span>;
  if (tail.length + whole.length === 0) {
    return (
      <>
        <Quoted runs={head} />
        {missing}
      </>
    );
  }
  return (
    <details class="fold">
      <summary>
        <Quoted runs={head} />
        <span class="gap"> … </span>
        {tail.length === 0 ? null : <Quoted runs={tail} />}
        <span class="type">{counted(length, "character")}</span>
      </summary>
      {whole.length === 0 ? null : <Quoted runs={whole} />}
      {missing}
    </details>
  );
}

function Quoted({ runs }: { readonly runs: ShownText["head"] }) {
  return (
    <span class="text">
      <span class="quote">"</span>
      <MarkedText runs={runs} />
      <span class="quote">"</span>
    </span>
  );
}

function withArticle(type: "number" | "true, false or null"): string {
  return type === "number" ? "a number" : type;
}
