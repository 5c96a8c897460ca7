import { parseExact } from "../../core/exact-json.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { subjectKindOf, subjectPath } from "../../core/subject.ts";
import { Badge, type BadgeTone } from "../components/badge.tsx";
import { Banner } from "../components/banner.tsx";
import { ForeignText } from "../components/foreign-text.tsx";
import { readValue } from "../values/read-value.ts";
import { ValueFlags } from "../values/value-flags.tsx";
import { ValueTree } from "../values/value-tree.tsx";
import type { RequestView } from "./request-view.ts";
import { obstacleOf } from "./words.ts";

/** What would run: the tool as it was when it was called (or the prompt or resource), and the arguments. */
export function CallPanel({ view }: { readonly view: RequestView }) {
  const { request, subject } = view;
  const kind = subjectKindOf(request.method);
  const description = textOf(subject.definition?.["description"]);
  return (
    <section class="panel" aria-labelledby="call">
      <h2 id="call">What would run</h2>
      <Obstacle view={view} />
      <p class="tool-name">
        <code>
          <ForeignText text={subjectPath({ kind, upstream: request.upstream, name: request.tool })} />
        </code>
      </p>
      {kind === "tool" ? <Hints definition={subject.definition} /> : null}
      {description === undefined ? null : (
        <div class="description">
          <ForeignText text={description} multiline />
        </div>
      )}
      <Misfits view={view} />
      <Arguments view={view} />
    </section>
  );
}

/** Why it would not run although it is approved. Administrators find a server's own reason on its page. */
function Obstacle({ view: { request, subject, operator } }: { readonly view: RequestView }) {
  const obstacle = obstacleOf(request, subject.standing);
  if (obstacle === undefined) return null;
  return (
    <Banner tone="warn">
      {obstacle.text}
      {subject.standing === "server_down" && operator.admin ? (
        <>
          {" "}
          <a href={`/console/upstreams/${encodeURIComponent(request.upstream)}`}>See why</a>.
        </>
      ) : null}
    </Banner>
  );
}

interface Hint {
  readonly tone: BadgeTone;
  readonly name: string;
}

/** What the tool's server says of it. MCP: hints, which nobody has checked. */
function Hints({ definition }: { readonly definition: JsonObject | undefined }) {
  const given = definition?.["annotations"];
  const hints = isObject(given) ? given : {};
  if (definition === undefined) return <p class="soft">What its server said of it then is no longer on record.</p>;
  const shown: readonly Hint[] = [
    effectOf(hints),
    ...(hints["idempotentHint"] === true ? [{ tone: "calm", name: "twice is like once" } as const] : []),
    ...(hints["openWorldHint"] === true ? [{ tone: "calm", name: "reaches beyond its server" } as const] : []),
  ];
  return (
    <p class="hints">
      {shown.map(({ tone, name }) => (
        <>
          <Badge tone={tone}>{name}</Badge>{" "}
        </>
      ))}
      <span class="soft">says its server</span>
    </p>
  );
}

// Without a hint a tool counts as destructive: tools.mdx, "annotations".
function effectOf(hints: JsonObject): Hint {
  if (hints["readOnlyHint"] === true) return { tone: "good", name: "only reads" };
  if (hints["destructiveHint"] === true) return { tone: "bad", name: "destructive" };
  if (hints["destructiveHint"] === false) return { tone: "calm", name: "adds, destroys nothing" };
  return { tone: "warn", name: "may be destructive" };
}

function Arguments({ view }: { readonly view: RequestView }) {
  const { request, subject } = view;
  const whole = view.arguments !== undefined;
  const given = view.arguments ?? parsed(request.argumentsRedacted);
  const read = readValue(
    given,
    subject.policies.flatMap((policy) => policy.looksAt),
  );
  return (
    <>
      <h3>{whole ? "Arguments" : "Arguments, secrets taken out and long texts cut"}</h3>
      <ValueFlags read={read} file={whole ? `/console/approvals/${request.id}/arguments` : undefined} />
      <ValueTree value={read.value} />
      {read.looked ? <p class="soft">The policy looks at the arguments as a whole.</p> : null}
      {read.absent.length === 0 ? null : (
        <p class="soft">
          The policy also looks at <ForeignText text={read.absent.join(", ")} />, which the call does not give.
        </p>
      )}
      {subject.policiesChanged && read.value.kind === "object" && read.value.size > 0 ? (
        <p class="soft">Marks go by the policies as they are now. They were changed after this was asked for.</p>
      ) : null}
    </>
  );
}

function Misfits({ view: { misfits } }: { readonly view: RequestView }) {
  if (misfits.length === 0) return null;
  return (
    <Banner tone="warn">
      The arguments do not fit what the tool says it takes. Its server may refuse the call even if it is approved:
      <ul>
        {misfits.map((misfit) => (
          <li>
            <ForeignText text={misfit} fold={200} />
          </li>
        ))}
      </ul>
    </Banner>
  );
}

function parsed(text: string): JsonObject {
  const value = parseExact(text);
  return isObject(value) ? value : {};
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}
