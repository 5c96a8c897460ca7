import { escapeForDisplay } from "../../core/display.ts";
import { pathKey, type YamlPlace, type YamlSource } from "./yaml-source.ts";

const LONGEST = 160;

/**
 * The source line around an offset, for an error. A literal text on it may be a secret, so every text is blotted out
 * except references (`${NAME}`), and except the text at `shown`, if its key is none that holds secrets.
 */
export function excerptAt(source: YamlSource, offset: number, shown: YamlPlace | undefined): string | undefined {
  const found = lineAround(source, offset);
  if (found === undefined) return undefined;
  const { start, end } = found;
  let { line } = found;
  for (const place of source.places.values()) {
    if (place.kind !== "text" || place.value.end <= start || place.value.start >= end) continue;
    if (shown !== undefined && pathKey(place.path) === pathKey(shown.path) && mayShow(place)) continue;
    const from = Math.max(place.value.start - start, 0);
    const to = Math.min(place.value.end - start, line.length);
    line = line.slice(0, from) + blot(line.slice(from, to)) + line.slice(to);
  }
  return plain(line);
}

/** As `excerptAt` for a text that is not valid YAML: nobody knows what is a secret there, so only a leading key stays. */
export function excerptOfBroken(source: YamlSource, offset: number): string | undefined {
  const found = lineAround(source, offset);
  if (found === undefined) return undefined;
  const { line } = found;
  const lead = /^[\s-]*(?:[\w-]+:)?\s*/.exec(line)?.[0] ?? "";
  return plain(lead + blot(line.slice(lead.length)));
}

function lineAround({ text }: YamlSource, offset: number) {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  if (offset - start > LONGEST) return undefined;
  const newline = text.indexOf("\n", offset);
  const end = Math.min(newline === -1 ? text.length : newline, start + LONGEST);
  return { start, end, line: text.slice(start, end).replace(/\r$/, "") };
}

// Tabs would move the caret, control characters could write to the terminal.
function plain(line: string): string {
  return escapeForDisplay(line, (mark) => " ".repeat(mark.length));
}

function mayShow(place: YamlPlace): boolean {
  const names = place.path.filter((step) => typeof step === "string");
  const holder = /^(env|headers|args|secrets|slack)$/;
  const secret = /(secret|token|passw|key|hash|auth|cred|url|smtp|issuer|origin)/i;
  return !names.some((name) => holder.test(name)) && !secret.test(names.at(-1) ?? "");
}

function blot(text: string): string {
  return text.replaceAll(/(\$\{(?:\w+|file:[^}:]*)\})|[^\s"'{}[\],:]/g, (char, reference: string | undefined) =>
    reference === undefined ? "*".repeat(char.length) : reference,
  );
}
