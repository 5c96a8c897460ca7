import { ExactReading, parseExact } from "./exact-json.ts";
import { ExactNumber } from "./exact-number.ts";
import { canonicalJson, holdsValues, isObject, type Json } from "./json.ts";
import type { Slices } from "./slices.ts";

/** What is written, or read, between two looks at the clock: characters, of which a value counts some more. */
const CHARS_PER_LOOK = 32_768;
const CHARS_PER_VALUE = 64;

/** As `canonicalJson`: a long one in `slices`, between which everybody else has their turn. */
export function canonicalJsonInSlices(value: Json, slices: Slices): Promise<string> {
  return writtenInSlices(value, canonicalJson, slices);
}

/** As `keptJson`, in `slices`. */
export async function keptJsonInSlices(
  value: Json,
  slices: Slices,
): Promise<{ readonly canonical: string; readonly kept: string }> {
  // What others round meanwhile costs no more than a second writing.
  const before = ExactNumber.rounded;
  const canonical = await canonicalJsonInSlices(value, slices);
  if (ExactNumber.rounded === before) return { canonical, kept: canonical };
  const leaf = (one: Json): string => (one instanceof ExactNumber ? one.text : canonicalJson(one));
  return { canonical, kept: await writtenInSlices(value, leaf, slices) };
}

/**
 * As `parseExact`, in `slices`, of a text that is known to be JSON: of another one it makes something, which `keptJson` writes in
 * another way than that stands there. @throws SyntaxError, not with each text that is not JSON
 */
export async function parseExactInSlices(text: string, slices: Slices): Promise<Json> {
  if (text.length <= CHARS_PER_LOOK) return parseExact(text);
  const reading = new ExactReading(text);
  while (!reading.read(CHARS_PER_LOOK)) if (slices.isOver) await slices.next();
  return reading.value;
}

async function writtenInSlices(value: Json, leaf: (value: Json) => string, slices: Slices): Promise<string> {
  const writing = write(value, leaf, { chars: 0 });
  for (;;) {
    const step = writing.next();
    if (step.done === true) return step.value;
    if (slices.isOver) await slices.next();
  }
}

/** Writes as `canonicalJson` does, and stops whenever enough was written for a look at the clock. The depth is bounded. */
function* write(
  value: Json,
  leaf: (value: Json) => string,
  since: { chars: number },
): Generator<undefined, string, undefined> {
  if (!holdsValues(value)) {
    const text = leaf(value);
    since.chars += text.length + CHARS_PER_VALUE;
    if (since.chars < CHARS_PER_LOOK) return text;
    since.chars = 0;
    yield;
    return text;
  }
  let text = "";
  if (!isObject(value)) {
    for (const item of value) text += `${text === "" ? "" : ","}${yield* write(item, leaf, since)}`;
    return `[${text}]`;
  }
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    if (member !== undefined)
      text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${yield* write(member, leaf, since)}`;
  }
  return `{${text}}`;
}
