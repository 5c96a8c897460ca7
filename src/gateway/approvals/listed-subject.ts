import type { View } from "../../catalog/view.ts";
import type { ApprovalRequest } from "../../core/approval.ts";
import type { JsonObject } from "../../core/json.ts";
import { subjectKindOf } from "../../core/subject.ts";
import { otherSubject, type Subject, UNLISTED } from "../requests/subject.ts";

/** What an approved request is about that calls no tool, as it is listed now. */
export type ListedSubject =
  | { readonly kind: "found"; readonly subject: Subject }
  /** There is no such prompt. A resource may be there without being listed. */
  | { readonly kind: "gone" }
  /** It is about a tool. */
  | { readonly kind: "tool" };

/** Finds it. `given`: what was given to it; of a resource the URI, which stands whole only there. */
export function listedSubject(
  view: View | undefined,
  { method, upstream, tool: name }: Pick<ApprovalRequest, "method" | "upstream" | "tool">,
  given: JsonObject,
  place: string,
): ListedSubject {
  const kind = subjectKindOf(method);
  if (kind === "tool") return { kind };
  if (kind === "prompt") {
    const definition = view?.prompt(upstream, name)?.definition;
    if (definition === undefined) return { kind: "gone" };
    const about = { kind, method, upstream, place, name, definition, arguments: given };
    return { kind: "found", subject: otherSubject(about) };
  }
  const { uri } = given;
  if (typeof uri !== "string") return { kind: "gone" };
  const definition = view?.resource(upstream, uri)?.definition ?? UNLISTED;
  const about = { kind, method, upstream, place, name: uri, definition, arguments: {} };
  return { kind: "found", subject: otherSubject(about) };
}
