import type { AstCall, AstNode } from "../syntax/ast.ts";
import { ANY, canBe, type Kind, kindText, ofKind, type Value } from "../values/values.ts";
import type { Finding } from "./findings.ts";

/** A function or method of the language, by what it takes. */
interface Signature {
  /** What a method is called on. */
  readonly receiver?: readonly Kind[];
  /** What each argument can be; those beyond `least` may be left out. */
  readonly args: readonly (readonly Kind[])[];
  readonly least: number;
  /** Of what the items of the receiver must be. */
  readonly items?: Kind;
  readonly returns: Kind;
  /** The items of what is returned. */
  readonly itemsReturned?: Kind;
}

const TEXT: readonly Kind[] = ["string"];
const INT: readonly Kind[] = ["int"];
const SIZED: readonly Kind[] = ["string", "bytes", "list", "map"];
const test: Signature = { receiver: TEXT, args: [TEXT], least: 1, returns: "bool" };
const change: Signature = { receiver: TEXT, args: [], least: 0, returns: "string" };
const find: Signature = { receiver: TEXT, args: [TEXT, INT], least: 1, returns: "int" };
const calendar: Signature = { receiver: ["timestamp"], args: [TEXT], least: 0, returns: "int" };
const clock: Signature = { receiver: ["timestamp", "duration"], args: [TEXT], least: 0, returns: "int" };

const METHODS: Readonly<Record<string, Signature>> = {
  size: { receiver: SIZED, args: [], least: 0, returns: "int" },
  startsWith: test,
  endsWith: test,
  contains: test,
  matches: test,
  lowerAscii: change,
  upperAscii: change,
  trim: change,
  indexOf: find,
  lastIndexOf: find,
  substring: { receiver: TEXT, args: [INT, INT], least: 1, returns: "string" },
  split: { receiver: TEXT, args: [TEXT, INT], least: 1, returns: "list", itemsReturned: "string" },
  join: { receiver: ["list"], args: [TEXT], least: 0, returns: "string", items: "string" },
  getDate: calendar,
  getDayOfMonth: calendar,
  getDayOfWeek: calendar,
  getDayOfYear: calendar,
  getFullYear: calendar,
  getMonth: calendar,
  getHours: clock,
  getMinutes: clock,
  getSeconds: clock,
  getMilliseconds: clock,
};

const convert = (returns: Kind, ...from: readonly Kind[]): Signature => ({ args: [from], least: 1, returns });

const FUNCTIONS: Readonly<Record<string, Signature>> = {
  size: convert("int", ...SIZED),
  bool: convert("bool", "bool", "string"),
  bytes: convert("bytes", "bytes", "string"),
  double: convert("double", "double", "int", "uint", "string"),
  int: convert("int", "int", "double", "string"),
  uint: convert("uint", "uint", "int", "double", "string"),
  string: convert("string", "string", "bool", "int", "uint", "double", "bytes"),
  timestamp: convert("timestamp", "string", "int", "timestamp"),
  duration: convert("duration", "string"),
};

/** What a call comes to, by the kinds of what it is given. */
export type CallCheck =
  | { readonly ok: true; readonly returns: Value | undefined }
  /** The engine has no such function for this; `wrong` is the argument that does not fit, by its index. */
  | {
      readonly ok: false;
      readonly wrong: number | "receiver" | "items";
      readonly wanted: readonly Kind[];
      readonly returns: Value;
    };

/** Checks what a call is given. A function that is not known here fits everything. */
export function checkCall(name: string, receiver: Value | undefined, args: readonly Value[], item: Value): CallCheck {
  const table = receiver === undefined ? FUNCTIONS : METHODS;
  const signature = Object.hasOwn(table, name) ? table[name] : undefined;
  if (signature === undefined) return { ok: true, returns: undefined };
  const value = ofKind(signature.returns);
  const returns = signature.itemsReturned === undefined ? value : { ...value, item: ofKind(signature.itemsReturned) };
  const wanted = signature.receiver;
  if (receiver !== undefined && wanted !== undefined && !canBe(receiver, ...wanted)) {
    return { ok: false, wrong: "receiver", wanted, returns };
  }
  if (signature.items !== undefined && !canBe(item, signature.items)) {
    return { ok: false, wrong: "items", wanted: [signature.items], returns };
  }
  const wrong = args.findIndex((arg, at) => !canBe(arg, ...(signature.args[at] ?? [])));
  if (wrong < 0) return { ok: true, returns };
  return { ok: false, wrong, wanted: signature.args[wrong] ?? [], returns };
}

/** Says what does not fit in a call. */
export function callMistake(
  node: AstNode,
  { name, receiver, args }: AstCall,
  { wrong, wanted }: Extract<CallCheck, { ok: false }>,
  { target, given, items, text }: CallValues,
): Finding {
  const at = (typeof wrong === "number" ? args[wrong] : receiver) ?? node;
  const is = typeof wrong === "number" ? given[wrong] : target;
  const what = wrong === "items" ? `holds ${kindText(items)}` : `is ${kindText(is ?? ANY)}`;
  const takes = `${wrong === "items" ? "a list of " : ""}${kindText(ofKind(...wanted))}`;
  const message = `\`${text.slice(at.start, at.end)}\` ${what}; ${name}() takes ${takes}.`;
  return { kind: "mistake", what: "type", start: at.start, message, hint: undefined };
}

interface CallValues {
  readonly target: Value | undefined;
  readonly given: readonly Value[];
  /** Of the target. */
  readonly items: Value;
  readonly text: string;
}
