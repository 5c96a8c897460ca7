import { resolve } from "node:path";
import { readSmallFileSync } from "../../core/read-small-file.ts";
import { stampOf } from "./stamp.ts";

const MAX_FILE_BYTES = 1024 ** 2;
const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g;

/** Where references are looked up. `files` collects the absolute path of every file that was read or tried, with its stamp from before. */
export interface SubstitutionSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that `${file:…}` is relative to. */
  readonly dir: string;
  readonly files: Map<string, string>;
}

export type Substituted =
  | { readonly ok: true; readonly text: string; readonly changed: boolean }
  /** `problems` name variables and files, never what is in them. */
  | { readonly ok: false; readonly problems: readonly { readonly message: string; readonly hint: string }[] };

/**
 * Replaces `${NAME}`, `${NAME:-default}` (also when NAME is empty) and `${file:PATH}` (without the newline that ends
 * the file). `$${` stands for `${`. Replaced text is not looked at again. @throws never
 */
export function substitute(text: string, sources: SubstitutionSources): Substituted {
  if (!text.includes("${")) return { ok: true, text, changed: false };
  const problems: { message: string; hint: string }[] = [];
  const replaced = text.replaceAll(REFERENCE, (match, inner: string | undefined, end: string | undefined) => {
    if (match === "$${") return "${";
    const found = end === "}" ? lookUp(inner ?? "", sources) : UNCLOSED;
    if (typeof found === "string") return found;
    problems.push(found);
    return "";
  });
  return problems.length === 0 ? { ok: true, text: replaced, changed: true } : { ok: false, problems };
}

const UNCLOSED = {
  message: `A reference that starts with \${ has no closing }.`,
  hint: `Write $\${ for a literal \${.`,
};

type Problem = { message: string; hint: string };

function lookUp(reference: string, { env, dir, files }: SubstitutionSources): string | Problem {
  if (reference.startsWith("file:")) return readReferenced(reference.slice("file:".length).trim(), dir, files);
  const match = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/.exec(reference);
  const name = match?.[1];
  if (name === undefined) {
    return {
      message: `This is not a reference: the text between \${ and } is no name of a variable.`,
      hint: `Write \${NAME}, \${NAME:-default} or \${file:PATH}; $\${ for a literal \${.`,
    };
  }
  const value = env[name];
  const fallback = match?.[2];
  if (fallback !== undefined) return value === undefined || value === "" ? fallback : value;
  if (value !== undefined) return value;
  return {
    message: `The environment variable ${name} is not set.`,
    hint: `Set ${name}, or give a default: \${${name}:-…}.`,
  };
}

function readReferenced(path: string, dir: string, files: Map<string, string>): string | Problem {
  const absolute = resolve(dir, path);
  if (!files.has(absolute)) files.set(absolute, stampOf(absolute));
  const read = readSmallFileSync(absolute, MAX_FILE_BYTES);
  if (read.ok) return read.text.replace(/\r?\n$/, "");
  if (read.code === "TOO_LARGE") {
    return { message: `The file ${path} is larger than 1 MB.`, hint: "A reference is meant for a secret or a URL." };
  }
  // Only the code: it says what is wrong, and the message would repeat the path.
  return { message: `The file ${path} cannot be read (${read.code}).`, hint: `It was looked for at ${absolute}.` };
}
