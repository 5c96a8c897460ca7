import type { Child } from "hono/jsx";
import { actedBy, actorOf } from "../../audit/actor-of.ts";
import { clientName } from "../../audit/client-name.ts";
import { jsonIn } from "../../audit/read/read-matches.ts";
import { subjectOf } from "../../audit/read/subject-of.ts";
import { isFormRefusal } from "../../core/call-outcome.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import type { AuditEntry } from "../../store/audit/audit-rows.ts";
import { FactList } from "../components/facts.tsx";
import { ForeignText } from "../components/foreign-text.tsx";
import { harmless } from "../harmless.ts";
import { readValue } from "../values/read-value.ts";
import { ValueFlags } from "../values/value-flags.tsx";
import { ValueTree } from "../values/value-tree.tsx";

/** Who called what with which arguments, and by what else it can be found. */
export function CallFacts({ entry }: { readonly entry: AuditEntry }) {
  const { approval } = entry;
  const about = subjectOf(entry);
  const facts = jsonIn(entry.facts);
  const known: JsonObject = isObject(facts) ? facts : {};
  return (
    <div>
      <section class="panel" aria-labelledby="arguments">
        <h2 id="arguments">Arguments</h2>
        <Arguments entry={entry} />
      </section>
      <section class="panel" aria-labelledby="facts">
        <h2 id="facts">{entry.subjectKind === null ? "The call" : "The request"}</h2>
        <FactList
          entries={[
            about === undefined ? ["Tool", undefined] : [titleOf(about.kind), <SubjectLink entry={entry} />],
            ["Method", about === undefined || about.kind === "tool" ? undefined : text(entry.method)],
            [
              "Approval",
              approval === null ? undefined : (
                <a href={`/console/approvals/${encodeURIComponent(approval)}`}>{approval}</a>
              ),
            ],
            ["User", text(actorOf(entry) ?? null)],
            ["Acted by", list(actedBy(entry))],
            ["Subject", text(entry.actor)],
            ["Issuer", text(entry.actorIssuer)],
            ["Roles", list(known["roles"])],
            ["Groups", list(known["groups"])],
            ["Scopes", list(known["scopes"])],
            ["Signed in as", list(known["acr"])],
            ["Client", text(clientName(entry) ?? null)],
            ["Client id", text(entry.clientId)],
            ["Address", text(entry.clientIp)],
            [
              "Endpoint",
              entry.endpoint === null ? undefined : (
                <code>{`/mcp${entry.endpoint === "" ? "" : `/${entry.endpoint}`}`}</code>
              ),
            ],
            ["Session", text(entry.session)],
            ["Request id", <code>{entry.callId}</code>],
            [
              "Trace id",
              entry.traceId === null ? undefined : (
                <a href={`/console/activity?call=${encodeURIComponent(entry.traceId)}`}>{text(entry.traceId)}</a>
              ),
            ],
            ["Policy set", digest(entry.policySet)],
            ["Arguments digest", digest(entry.argumentsDigest)],
            ["Definition digest", digest(entry.definitionDigest)],
            ["Row of the audit", String(entry.seq)],
          ]}
        />
      </section>
    </div>
  );
}

function titleOf(kind: string): string {
  return harmless(`${kind.charAt(0).toUpperCase()}${kind.slice(1)}`, 40).text;
}

/** To all entries about the same. */
function SubjectLink({ entry }: { readonly entry: AuditEntry }) {
  const { upstream, tool, subject } = entry;
  const path = [upstream, subject ?? tool].filter((part) => part !== null).join("/");
  const query = entry.subjectKind === null ? { tool: path } : { method: entry.method ?? "", subject: subject ?? "" };
  return <a href={`/console/activity?${new URLSearchParams(query)}`}>{text(path)}</a>;
}

function Arguments({ entry }: { readonly entry: AuditEntry }) {
  if (entry.decision === null && isFormRefusal(entry.outcome)) {
    return (
      <p>
        They are not kept: the call was refused for its form, so that nothing was decided about it and nothing was sent.
      </p>
    );
  }
  if (entry.decision === null) {
    const kind = subjectOf(entry)?.kind ?? "tool";
    return (
      <p>
        They are not kept: no {kind} of this {kind === "resource" ? "URI" : "name"} was known, so that nothing was
        decided about them and nothing was sent. The caller heard that there is no such {kind}, as of any that policies
        hide.
      </p>
    );
  }
  const value = jsonIn(entry.argumentsRedacted);
  if (!isObject(value)) {
    return (
      <p>
        Only their digest is kept: the configuration says <code>audit.arguments: digest</code> or <code>full</code>.
      </p>
    );
  }
  const read = readValue(value, []);
  return (
    <>
      <p class="soft">Without secrets, and long texts cut: as the audit keeps them.</p>
      <ValueFlags read={read} file={undefined} />
      <ValueTree value={read.value} />
    </>
  );
}

function text(value: string | null): Child | undefined {
  return value === null ? undefined : <ForeignText text={value} fold={120} />;
}

function list(value: unknown): Child | undefined {
  const items = Array.isArray(value) ? value : [value];
  const texts = items.filter((item): item is string => typeof item === "string");
  return texts.length === 0 ? undefined : <ForeignText text={texts.join(", ")} fold={200} />;
}

function digest(value: string | null): Child | undefined {
  return value === null ? undefined : <code>{value}</code>;
}
