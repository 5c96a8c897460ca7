import { readFileSync } from "node:fs";
import { looksSecret } from "../../audit/names/sensitive-names.ts";
import { fill } from "../../config/file/fill.ts";
import { substitute } from "../../config/file/substitute.ts";
import { readSource } from "../../config/file/yaml-source.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import type { Shell } from "../shell.ts";

/** What `upstreams add` is told of an upstream. */
export interface EntryOptions {
  readonly url?: string;
  readonly header?: readonly string[];
  readonly type?: string;
  readonly timeout?: string;
  readonly isolation?: string;
  readonly entry?: string;
}

export type BuiltEntry =
  | { readonly ok: true; readonly entry: JsonObject }
  /** Ready to print: what is wrong on the command line or in the file, without values. */
  | { readonly ok: false; readonly message: string };

/**
 * Makes an entry of `upstreams:` from the command line or from a file. References (`${NAME}`, `${file:PATH}`) are
 * replaced here, from this shell's environment and its folder, because the gateway does not: what a command line holds is
 * read by every user of the machine and kept in its history, so a secret header must come by a reference.
 */
export function buildEntry(shell: Shell, options: EntryOptions): BuiltEntry {
  const { url, header = [], type, timeout, isolation, entry } = options;
  const given = { url, type, timeout, isolation };
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  if (entry !== undefined) {
    if (said.length > 0 || header.length > 0) return wrong("Write either --entry, or the options that describe it.");
    return readEntry(shell, entry);
  }
  if (url === undefined) return wrong("Where is it? Add --url https://…, or --entry FILE.");
  const place = replace(shell, url);
  if (!place.ok) return place;
  const headers: Record<string, string> = {};
  for (const line of header) {
    const read = readHeader(shell, line);
    if (!read.ok) return read;
    headers[read.name] = read.value;
  }
  return {
    ok: true,
    entry: { ...Object.fromEntries(said), url: place.text, ...(header.length === 0 ? {} : { headers }) },
  };
}

function readHeader(shell: Shell, line: string) {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(0, colon)).trim();
  const text = line.slice(colon + 1).trim();
  if (name === "" || text === "") return wrong(`Write a header as 'Name: value', in single quotes.`);
  if (looksSecret(name) && !text.includes("${")) {
    return wrong(
      `The header ${name} is a secret, which should not stand on a command line. Write --header '${name}: \${NAME}', in ` +
        `single quotes, to take it from the environment, or \${file:PATH}.`,
    );
  }
  const replaced = replace(shell, text);
  return replaced.ok ? { ok: true as const, name, value: replaced.text } : replaced;
}

function replace(shell: Shell, text: string) {
  const replaced = substitute(text, { env: shell.env, dir: ".", files: new Map() });
  if (replaced.ok) return { ok: true as const, text: replaced.text };
  return wrong(replaced.problems.map(({ message, hint }) => `${message} ${hint}`).join("\n"));
}

function readEntry(shell: Shell, file: string): BuiltEntry {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (err) {
    const code = err instanceof Error && "code" in err ? String(err.code) : "unreadable";
    return wrong(`The file ${file} cannot be read (${code}).`);
  }
  // JSON is YAML, too.
  const source = readSource(text);
  const { root, findings } = fill(source, { env: shell.env, dir: ".", files: new Map() });
  const [problem] = [...source.problems, ...findings];
  if (problem !== undefined) return wrong(`${file}: ${problem.message} ${problem.hint ?? ""}`.trimEnd());
  return isObject(root) ? { ok: true, entry: root } : wrong(`${file} holds no entry: { url: …, headers: … }.`);
}

function wrong(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}
