import { isObject, type Json } from "../../core/json.ts";
import { canBeValue, domainSize } from "../tool-schemas/domain.ts";
import { compareRange } from "../tool-schemas/number-range.ts";
import {
  ANY,
  canEqual,
  domainOf,
  isOnly,
  itemOf,
  type Kind,
  literalValue,
  ofKind,
  ofType,
  type Value,
} from "./values.ts";

/** Written out, or in schemas, they are no deeper. */
const MAX_DEPTH = 8;

/** Whether two values are never equal, as far as is known before there is a call. */
export function areApart(left: Value, right: Value, depth = 0): boolean {
  if (depth > MAX_DEPTH) return false;
  if (!canEqual(left, right)) return true;
  const known = (one: Value, other: Value): boolean => {
    const { values } = domainOf(one);
    if (values === undefined || values.length === 0) return false;
    return values.every((value) => !canBeIn(other, value) || (isNested(value) && areNestedApart(value, other, depth)));
  };
  if (known(left, right) || known(right, left)) return true;
  const shared = sharedKinds(left, right);
  if (shared?.length !== 1) return false;
  if (shared[0] === "list") return areListsApart(left, right, depth);
  return shared[0] === "map" && (areMapsApart(left, right, depth) || areMapsApart(right, left, depth));
}

function isNested(value: Json): boolean {
  return typeof value === "object" && value !== null;
}

function areNestedApart(value: Json, other: Value, depth: number): boolean {
  // Of others that are known it is one, or was ruled out.
  return other.domain.values === undefined && areApart(valueOfJson(value, depth), other, depth + 1);
}

/** What a JSON value would be if it were written out. */
function valueOfJson(value: Json, depth: number): Value {
  if (depth > MAX_DEPTH) return ANY;
  if (Array.isArray(value)) return { ...ofKind("list"), elements: value.map((item) => valueOfJson(item, depth + 1)) };
  if (!isObject(value)) return literalValue(value);
  const members = Object.entries(value).map(([key, it]) => [key, valueOfJson(it ?? null, depth + 1)] as const);
  return { ...ofKind("map"), members: new Map(members) };
}

function sharedKinds({ kinds: one }: Value, { kinds: other }: Value): readonly Kind[] | undefined {
  if (one === undefined) return other && [...other];
  return other === undefined ? [...one] : [...one].filter((kind) => other.has(kind));
}

function areListsApart(left: Value, right: Value, depth: number): boolean {
  const [a, b] = [sizeOf(left), sizeOf(right)];
  if (a.low > b.high || b.low > a.high) return true;
  const isEmpty = Math.min(a.high, b.high) === 0 || (a.low === 0 && b.low === 0);
  if (isEmpty) return false;
  const items = (value: Value): readonly Value[] => value.elements ?? [itemOf(value)];
  const [ours, theirs] = [items(left), items(right)];
  const pairs =
    left.elements !== undefined && right.elements !== undefined
      ? ours.map((one, at) => [one, theirs[at] ?? one] as const)
      : ours.flatMap((one) => theirs.map((other) => [one, other] as const));
  return pairs.some(([one, other]) => areApart(one, other, depth + 1));
}

function sizeOf(value: Value): { readonly low: number; readonly high: number } {
  const { elements } = value;
  return elements === undefined ? domainSize(value.domain) : { low: elements.length, high: elements.length };
}

// `left` is written out: all of its members are known.
function areMapsApart({ members }: Value, right: Value, depth: number): boolean {
  if (members === undefined) return false;
  const { type } = right;
  for (const [key, value] of members) {
    if (right.members !== undefined) {
      const other = right.members.get(key);
      if (other === undefined || areApart(value, other, depth + 1)) return true;
    } else if (type !== undefined) {
      const member = type.member(key);
      if (member.presence === "absent" || areApart(value, ofType(member.type, undefined), depth + 1)) return true;
    }
  }
  return type?.names.some((name) => !members.has(name) && type.member(name).presence === "required") === true;
}

/** Whether something can be this very value. */
export function canBeIn(value: Value, literal: Json): boolean {
  const domain = domainOf(value);
  if (!canBeValue(domain, literal)) return false;
  if (typeof literal !== "number" || domain.values !== undefined) return true;
  return compareRange(domain.range, "==", literal) !== false && (!isOnly(value, "int") || Number.isInteger(literal));
}
