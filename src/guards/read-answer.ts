import type { GuardPhase } from "../core/decision.ts";
import { asCodePoint, cut, escapeForDisplay } from "../core/display.ts";
import { isObject, type Json, type JsonObject } from "../core/json.ts";
import { JSON_LIMITS } from "../core/limits.ts";
import { parseJson } from "../core/parse-json.ts";
import { type NameWatch, scanJson } from "../core/scan-json.ts";
import { guardError } from "./guard.ts";
import type { GuardAnswer } from "./guards.ts";

const MAX_MESSAGE = 1_000;
const MAX_LABELS = 20;
const MAX_LABEL = 100;

const MEMBERS: ReadonlySet<string> = new Set(["decision", "message", "arguments", "result", "labels"]);

/** What takes the place of what was shown. */
const REPLACEMENT = { request: "arguments", result: "result" } as const satisfies Record<GuardPhase, string>;

/** Reads the text of an answer: JSON within limits that says each thing once. @throws never */
export function readAnswerText(bytes: Uint8Array, phase: GuardPhase): GuardAnswer {
  const text = decode(bytes);
  if (text === undefined) return guardError("The answer is not UTF-8.");
  const names = new OnceNames();
  const scanned = scanJson(Buffer.from(text), JSON_LIMITS, names);
  if (scanned.kind !== "json") return guardError(`The answer cannot be read: ${scanned.kind}.`);
  if (names.repeated) return guardError("The answer says one thing twice.");
  const parsed = parseJson(text, JSON_LIMITS);
  return parsed.ok ? readAnswer(parsed.value, phase) : guardError(`The answer cannot be read: ${parsed.problem.code}.`);
}

/** Reads an answer. What is absent may be `null`; a member that is not known, or does not go with the decision, is an error. @throws never */
export function readAnswer(answer: Json, phase: GuardPhase): GuardAnswer {
  if (!isObject(answer)) return guardError("The answer is no JSON object.");
  const said: JsonObject = Object.fromEntries(Object.entries(answer).filter(([, value]) => value !== null));
  if (Object.keys(said).some((name) => !MEMBERS.has(name)))
    return guardError("The answer has a member that is not known.");
  const labels = labelsOf(said["labels"]);
  if (labels === undefined) return guardError("The labels of the answer are not a list of at most 20 short texts.");
  const { decision, message } = said;
  if (message !== undefined && typeof message !== "string") return guardError("The message of the answer is no text.");
  const replaces = said["arguments"] !== undefined || said["result"] !== undefined;
  if (decision !== "replace" && replaces) return guardError("The answer holds content and does not say replace.");
  switch (decision) {
    case "pass":
      return { kind: "pass", labels };
    case "deny":
      return { kind: "deny", message: guardMessage(message), labels };
    case "replace":
      return replaced(said, phase, labels);
    default:
      return guardError("The answer has no decision that is known.");
  }
}

/** A reason as it may be recorded and shown; none where there is nothing in it. @throws never */
export function guardMessage(message: string | undefined): string | undefined {
  // Escaping makes a text longer, so that what is looked at is bounded before, and what comes of it after.
  const shown = escapeForDisplay((message ?? "").slice(0, MAX_MESSAGE).trim(), asCodePoint);
  return shown === "" ? undefined : cut(shown, MAX_MESSAGE - 1);
}

function replaced(said: JsonObject, phase: GuardPhase, labels: readonly string[]): GuardAnswer {
  const name = REPLACEMENT[phase];
  const content = said[name];
  const other = said[name === "result" ? "arguments" : "result"];
  if (other !== undefined) return guardError(`The answer replaces something else than ${name}.`);
  if (!isObject(content)) return guardError(`The answer says replace, and ${name} is no JSON object.`);
  return { kind: "replace", content, labels };
}

function labelsOf(labels: Json | undefined): readonly string[] | undefined {
  if (labels === undefined) return [];
  if (!Array.isArray(labels) || labels.length > MAX_LABELS) return undefined;
  const shown = (labels as readonly Json[]).map((label) =>
    typeof label === "string" && label.length <= MAX_LABEL
      ? cut(escapeForDisplay(label, asCodePoint), MAX_LABEL - 1)
      : "",
  );
  return shown.includes("") ? undefined : shown;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Whether the outermost object has each name once, plainly written: one reader may take the first of two, another the last. */
class OnceNames implements NameWatch {
  repeated = false;
  readonly #names = new Set<string>();

  open(): void {}

  name(text: Buffer, from: number, to: number, _: number, odd: boolean): number {
    const name = text.toString("latin1", from, to);
    this.repeated ||= odd || this.#names.has(name);
    // No answer has more names than these.
    if (this.#names.size <= MEMBERS.size) this.#names.add(name);
    return 1;
  }
}
