import { writeExact } from "../../core/exact-json.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import type { ToolView } from "../../operations/upstreams/upstreams.ts";
import { Banner } from "../components/banner.tsx";
import { ButtonLink } from "../components/button.tsx";
import { CodeBlock } from "../components/code-block.tsx";
import { FactList } from "../components/facts.tsx";
import { ForeignText } from "../components/foreign-text.tsx";
import { Annotations } from "./annotations.tsx";
import { SchemaTable } from "./schema-table.tsx";
import { descriptionOf, titleOf } from "./tool-texts.ts";

/** Longest definition that a page shows; few are longer than some thousand characters. */
const MAX_JSON_CHARS = 100_000;

/** Everything about one tool. Nearly all of it is its server's, and shown as such. */
export function ToolPage({ tool }: { readonly tool: ToolView }) {
  const { upstream, definition, repairs, policies } = tool;
  const title = titleOf(definition);
  const description = descriptionOf(definition);
  const output = definition["outputSchema"];
  const calls = new URLSearchParams({ upstream, tool: tool.tool }).toString();
  const tried = new URLSearchParams({ tool: `${upstream}/${tool.tool}` }).toString();
  return (
    <>
      {policies.length > 0 ? null : (
        <Banner tone="warn">No policy speaks about this tool: its calls get what policies.default says.</Banner>
      )}
      <p class="actions">
        <ButtonLink href={`/console/policies/try?${tried}`}>Try a call against the policies</ButtonLink>
        <ButtonLink href={`/console/activity?${calls}`}>Its calls and changes</ButtonLink>
      </p>
      <FactList
        entries={[
          ["Server", <a href={`/console/upstreams/${upstream}`}>{upstream}</a>],
          ["Title", title === undefined ? undefined : <ForeignText text={title} />],
          ["Name at /mcp", <code>{tool.name}</code>],
          ["Annotations", <Annotations definition={definition} none="nothing" />],
          ["Policies", policies.length === 0 ? "none" : <PolicyLinks ids={policies} />],
          [
            "Repaired",
            repairs.length === 0 ? undefined : `${repairs.join(", ")}: clients could not read what the server gives.`,
          ],
          ["Digest", <code class="digest">{tool.digest}</code>],
        ]}
      />
      <h2>Description</h2>
      {description === undefined ? (
        <p>Its server gives none.</p>
      ) : (
        <ForeignText text={description} multiline fold={2_000} />
      )}
      <h2>Arguments</h2>
      <SchemaTable schema={schemaIn(definition["inputSchema"])} caption="Arguments" none="It takes no arguments." />
      {isObject(output) ? (
        <>
          <h2>Result</h2>
          <SchemaTable schema={output} caption="Result" none="Its schema names no properties." />
        </>
      ) : null}
      <h2>Definition</h2>
      <details>
        <summary>{repairs.length === 0 ? "As its server sent it" : "As it is listed"}</summary>
        <CodeBlock text={jsonText(definition)} label="Definition as JSON" />
      </details>
    </>
  );
}

function PolicyLinks({ ids }: { readonly ids: readonly string[] }) {
  return (
    <ul class="inline">
      {ids.map((id) => (
        <li>
          <a href={`/console/policies/id/${encodeURIComponent(id)}`}>{id}</a>
        </li>
      ))}
    </ul>
  );
}

function schemaIn(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function jsonText(definition: JsonObject): string {
  const text = writeExact(definition, "  ");
  if (text.length <= MAX_JSON_CHARS) return text;
  return `${text.slice(0, MAX_JSON_CHARS)}\n… ${text.length - MAX_JSON_CHARS} more characters are not shown.`;
}
