import { isObject, type JsonObject } from "../../core/json.ts";
import { Badge, type BadgeTone } from "../components/badge.tsx";

/** What a hint means, by its value. 2025-11-25 schema, `ToolAnnotations` */
const HINTS: readonly (readonly [name: string, value: boolean, tone: BadgeTone, text: string])[] = [
  ["readOnlyHint", true, "good", "reads only"],
  ["destructiveHint", true, "bad", "destructive"],
  ["destructiveHint", false, "calm", "adds only"],
  ["idempotentHint", true, "calm", "idempotent"],
  ["openWorldHint", true, "warn", "open world"],
  ["openWorldHint", false, "calm", "closed world"],
];

const WRITING: ReadonlySet<string> = new Set(["destructiveHint", "idempotentHint"]);

/** What the server says of a tool: hints, of which none is proven. `none` stands there where it says nothing. */
export function Annotations({ definition, none = "" }: { readonly definition: JsonObject; readonly none?: string }) {
  const annotations = isObject(definition["annotations"]) ? definition["annotations"] : {};
  // What only reads neither destroys nor repeats anything: there these two mean nothing.
  const reads = annotations["readOnlyHint"] === true;
  const told = HINTS.filter(([name, value]) => annotations[name] === value && !(reads && WRITING.has(name)));
  if (told.length === 0) return <>{none}</>;
  return (
    <span class="badges">
      {told.map(([, , tone, text]) => (
        <Badge tone={tone}>{text}</Badge>
      ))}
    </span>
  );
}
