import { numberIn } from "../../core/exact-json.ts";
import type { Json } from "../../core/json.ts";
import type { Span } from "../../redaction/detect/span.ts";
import { neighbourName } from "../names/neighbours.ts";
import { COMMAND_STEPS, NAMED_STEPS, type SearchBudget, spendSteps, WORD_STEPS } from "../names/search-budget.ts";
import { PLACES, RULES } from "./programs.ts";
import {
  type Command,
  closedEnd,
  commandsOf,
  MAX_WORDS,
  matchEnd,
  quotedIn,
  type Word,
  wordEnd,
} from "./shell-words.ts";
import { quoteAround, withoutSpans } from "./values.ts";

/*
 * Secrets that programs take on their command line without a name of one: by a short option, at a place, from the program
 * before. Of a text as of a list of words.
 */

/** Programs that hand a setting its value in the next word, and by which word. */
const SETTERS =
  /^(?:aws|git|npm|yarn|pnpm|pulumi|pip3?|gcloud|firebase|heroku|dotnet|conda|poetry|snap|redis-cli|fly|flyctl|vercel|composer|bundle)$/;
const SETS = /^(?:config|configure|set|config:set|user-secrets|env)$/i;
/** The same by themselves, for names in capitals only: `set password to expire` is a sentence. */
const SHELL_SETTERS = /^(?:setx|setenv|set|env|arg)$/;
/** Where each `name=value` is a secret. */
const STORES = /^(?:vault|bao|secrets?)$/;
const STORES_WITH = /^(?:put|write|patch|set|create|add|import)$/;
/** What reads a secret from the program before, or from a text that it is given. */
const READERS = /^(?:chpasswd|smbpasswd|passwd|cryptsetup|kinit|su|vercel)$/;
const READING = /^--(?:password-stdin|passphrase-fd)$/;
const WRITES = /^(?:echo|printf)$/;
/** What only runs another program. */
const RUNNERS = /^(?:sudo|doas|exec|time|nohup|command|nice|winpty|\w+=.*|-.*|\$|>|#)$/;
/** A login of Oracle: `sqlplus ann/x@db`. */
const ORACLE = /^(?:sqlplus|sqlldr|expdp|impdp|rman)$/;

/** Some of it is in every command with such a secret. */
// What it may begin with is said first, since the list is long.
const HINT =
  /\b(?=[7a-eghikl-pr-xzACE])(?:mysql|mariadb|sshpass|7z|mongo|cqlsh|user(?:add|mod)|rdesktop|docker|podman|nerdctl|helm|crane|skopeo|sqlcmd|ipmitool|mosquitto_|ssh-keygen|redis-cli|ldap|openssl|curl|smbclient|rpcclient|kubectl|[Cc]onvert[Tt]o-|[xw]freerdp|cmdkey|vault|htpasswd|pulumi|setx|setenv|config|secrets?|chpasswd|sudo|passwd|sqlplus|sqlldr|expdp|impdp|psexec|schtasks|kinit|doppler|(?:ENV|ARG|az|oc|bcp|osql|isql|tsql|zip|unzip|https?|xhs?|net|gh|aws|bao|set|env|arg|rman)\s)|<<</;
/** As much of a word as is read of a text. */
const MAX_WORD = 800;

/** Whether a text can be a command with a secret: most have no such word. @throws never */
export function mayBeCommand(text: string): boolean {
  return HINT.test(text);
}

/** `text` with `mark` for the secrets of its commands. Linear. @throws never */
export function withoutCommands(text: string, mark: string): string {
  if (!mayBeCommand(text)) return text;
  return withoutSpans(text, secretsOfAll(text, 0), mark);
}

/**
 * Of a list of words, of which some may be numbers, those that hold a secret, with `mark` for it, where the list or `program` with it is a command. `search`: where
 * it is too much to read, these are all that were not read. @throws never
 */
export function secretArguments(
  words: readonly Json[],
  program: string | undefined,
  mark: string,
  search: SearchBudget,
): ReadonlyMap<number, string> {
  const own = program === undefined ? 0 : 1;
  const all = [...(program === undefined ? [] : [program]), ...words.slice(0, MAX_WORDS)]
    .slice(0, MAX_WORDS)
    .map((word) => (typeof word === "string" ? word : String(numberIn(word) ?? "")).slice(0, MAX_WORD));
  const first = all.slice(0, 3).join(" ");
  const hidden = (): ReadonlyMap<number, string> => new Map(words.slice(0, MAX_WORDS).map((_word, at) => [at, mark]));
  if (all[0] === undefined || /\s/.test(all[0])) return new Map();
  if (!spendSteps(search, first.length)) return hidden();
  if (!mayBeCommand(`${first} `)) return new Map();
  const stepsOf = (word: string): number => (/\s/.test(word) ? COMMAND_STEPS : WORD_STEPS) + word.length * NAMED_STEPS;
  if (
    !spendSteps(
      search,
      all.reduce((steps, word) => steps + stepsOf(word), 0),
    )
  )
    return hidden();
  let at = 0;
  const listed = all.map((text): Word => {
    const start = at;
    at += text.length + 1;
    return { text, start, end: at - 1 };
  });
  const spans = secretsOf({ words: listed, piped: false });
  return new Map(
    listed.flatMap((word, index): [number, string][] => {
      const span = spans.find(({ start, end }) => start >= word.start && end <= word.end);
      return span === undefined || index < own
        ? []
        : [[index - own, word.text.slice(0, span.start - word.start) + mark]];
    }),
  );
}

/** What parts commands for a shell, but stands in a word: who wrote it may have meant it so. */
const OPERATOR_IN_WORD = /(?:[;&]{1,2}[^\s;&|"'`]{1,200})+/y;

/** Shells within a shell. */
const MAX_SHELLS = 2;

function secretsOfAll(text: string, depth: number): Span[] {
  const commands = commandsOf(text);
  const words = commands.flatMap((command) => command.words);
  return commands
    .flatMap((command, index, all) => secretsOf(command, all[index - 1], depth))
    .map(({ start, end }) => {
      // What was a letter, so that sentences can be read, may have been a quote around a part of it.
      const word = words.find((one) => one.start <= start && end <= one.end);
      const after = word === undefined ? end : wordEnd(text, word.first, false, quoteAround(text, word.first));
      const last = word === undefined ? end : Math.max(after, word.after);
      const more = matchEnd(OPERATOR_IN_WORD, text, last);
      return { start, end: more ?? (word !== undefined && after > word.after ? after : end) };
    });
}

function secretsOf({ words: all }: Command, before?: Command, depth = 0): Span[] {
  const found: Span[] = [];
  const programs = all.map(({ text }) => programOf(text));
  const different = [...new Set(programs)];
  const has = (form: RegExp | undefined): boolean => form === undefined || all.some(({ text }) => form.test(text));
  for (const { programs: form, option, with: needed, behind } of RULES) {
    const program = different.find((name) => form.test(name));
    if (program === undefined || !has(needed)) continue;
    const at = programs.indexOf(program);
    for (const [index, word] of all.entries()) {
      const value = index <= at ? undefined : optionValue(option, word, all[index + 1]);
      const sign = behind === undefined ? -1 : (value?.text.indexOf(behind) ?? -1);
      if (value !== undefined && (behind === undefined || sign >= 0)) found.push(partOf(value, sign + 1));
    }
  }
  if (programs.includes("openssl"))
    for (const word of all) if (word.text.startsWith("pass:")) found.push(partOf(word, "pass:".length));
  // By its place only what the first program is given: in a sentence anything may stand there.
  // A command may be given to a shell as one word.
  if (depth < MAX_SHELLS)
    for (const { text, start } of all.flatMap(quotedIn))
      if (/\s/.test(text) && mayBeCommand(text))
        for (const span of secretsOfAll(text, depth + 1))
          found.push({ start: start + span.start, end: start + span.end });
  const first = all.findIndex(({ text }) => !RUNNERS.test(text));
  const words = all.slice(Math.max(0, first));
  found.push(...placed(words, programs[first] ?? "", has), ...settings(words, programs[first] ?? ""));
  if (
    READERS.test(programs[first] ?? "") ||
    has(READING) ||
    (has(/^-S$/) && programs.includes("sudo")) ||
    isStore(words)
  ) {
    const given = all.findIndex(({ text }) => text.startsWith("<<<"));
    if (given >= 0) found.push(...all.slice(given + 1));
    if (before?.piped === true) found.push(...written(before));
  }
  return found;
}

function placed(words: readonly Word[], program: string, has: (form: RegExp | undefined) => boolean): Span[] {
  const found: Span[] = [];
  for (const place of PLACES) {
    if (!place.programs.test(program) || !has(place.with)) continue;
    const word = words.filter(({ text }) => !/^[-/]./.test(text)).at(place.at);
    if (word !== undefined && word !== words[0]) found.push(word);
  }
  if (!ORACLE.test(program)) return found;
  const login = words.slice(1).find(({ text }) => /^[\w.]{1,60}\/[^/]/.test(text));
  return login === undefined ? found : [...found, partOf(login, login.text.indexOf("/") + 1)];
}

function isStore(words: readonly Word[]): boolean {
  return words.some(({ text }) => STORES.test(text)) && words.some(({ text }) => STORES_WITH.test(text));
}

function settings(words: readonly Word[], program: string): Span[] {
  const found: Span[] = [];
  const store = isStore(words);
  const sets = SETTERS.test(program) && words.some(({ text }) => SETS.test(text));
  const shell = SHELL_SETTERS.test(program);
  for (const [index, word] of words.entries()) {
    const sign = word.text.indexOf("=");
    if (store && sign > 0 && !word.text.startsWith("-")) found.push(partOf(word, sign + 1));
    const next = words[index + 1];
    if (index === 0 || next === undefined || next.text.startsWith("-") || !(sets || shell)) continue;
    const form = sets ? /^[A-Za-z/_][\w.:/@-]{0,200}$/ : /^[A-Z][A-Z0-9_]{1,80}$/;
    if (form.test(word.text) && neighbourName(lastPart(word.text)).kind === "secret") found.push(next);
  }
  return found;
}

function lastPart(name: string): string {
  return name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf(":"), name.lastIndexOf(".")) + 1);
}

/** `-px`, `-p x`, `-p=x`, and `-sSLu x` of several short ones. */
function optionValue(option: string, word: Word, next: Word | undefined): Word | undefined {
  const text = word.text.toLowerCase() === option ? option : word.text;
  if (text === option) return next;
  if (text.startsWith(`${option}=`)) return partOf(word, option.length + 1);
  if (option.startsWith("--") || option === "-string") return undefined;
  if (text.startsWith(option)) return partOf(word, option.length);
  return /^-[A-Za-z]{2,6}$/.test(text) && option.length === 2 && text.endsWith(option.charAt(1)) ? next : undefined;
}

function partOf(word: Word | undefined, from: number): Word {
  const { text, start, end } = word ?? { text: "", start: 0, end: 0 };
  const given = text.slice(from);
  const quote = /^["']/.test(given) && closedEnd(given, 0) === given.length ? 1 : 0;
  return { text: given.slice(quote, given.length - quote), start: start + from + quote, end: end - quote };
}

function written({ words }: Command): readonly Word[] {
  const at = words.findIndex(({ text }) => WRITES.test(programOf(text)));
  return at < 0
    ? []
    : words.slice(at + 1).filter(({ text }) => !/^-[neE]{1,3}$/.test(text) && !/^%\w(?:\\n)?$/.test(text));
}

function programOf(text: string): string {
  const name = text.slice(Math.max(text.lastIndexOf("/"), text.lastIndexOf("\\")) + 1).replace(/^.*[`(]|\.exe$/gi, "");
  // A program begins with a capital in sentences, and few in commands.
  return /^[A-Z][a-z]+$/.test(name) ? "" : name.toLowerCase();
}
