/**
 * Widens a range of a CEL text until what opens in it closes in it: the engine's nodes leave out the parentheses around
 * their first and last parts. @throws never
 */
export function balancedRange(
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
): { readonly start: number; readonly end: number } {
  const depths = depthsOf(text);
  const depthAt = (at: number): number => depths[at] ?? 0;
  let outermost = depthAt(start);
  for (let at = start; at <= end; at++) outermost = Math.min(outermost, depthAt(at));
  let [from, to] = [start, end];
  while (from > 0 && depthAt(from) > outermost) from -= 1;
  while (to < text.length && depthAt(to) > outermost) to += 1;
  return { start: from, end: to };
}

// How many brackets are open before each character; those in texts and comments are none.
function depthsOf(text: string): Int32Array {
  const depths = new Int32Array(text.length + 1);
  let depth = 0;
  for (let at = 0; at < text.length; ) {
    const rest = SKIPPED.exec(text.slice(at))?.[0].length ?? 0;
    if (rest > 0) {
      depths.fill(depth, at + 1, at + rest + 1);
      at += rest;
      continue;
    }
    const character = text[at] ?? "";
    if ("([{".includes(character)) depth += 1;
    else if (")]}".includes(character)) depth -= 1;
    at += 1;
    depths[at] = depth;
  }
  return depths;
}

const SKIPPED =
  /^(?:\/\/[^\n]*|[rR](?:"""[\s\S]*?"""|'''[\s\S]*?'''|"[^"]*"|'[^']*')|"""(?:\\[\s\S]|[\s\S])*?"""|'''(?:\\[\s\S]|[\s\S])*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[A-Za-z0-9_]+)/;
