import { counted } from "../../core/counted.ts";
import type { PolicyDetail, PolicyView } from "../../operations/policies/policies.ts";
import { ButtonLink } from "../components/button.tsx";
import { FactList } from "../components/facts.tsx";
import { ForeignText } from "../components/foreign-text.tsx";
import { callsLink, TRY, tryLink } from "../policy-words/links.ts";
import { aboutWords } from "../policy-words/words.ts";
import { ToolLink } from "./overview-page.tsx";
import { Matches, PolicyBadges } from "./policy-badges.tsx";
import { SourceLines } from "./source-lines.tsx";

const MAX_TOOLS = 100;

/** One policy: what it is about, what it did, and its lines. */
export function PolicyPage({ detail }: { readonly detail: PolicyDetail }) {
  const { policy, source, tools, tests } = detail;
  const [first] = tools;
  return (
    <>
      <div class="panel">
        <FactList
          entries={[
            ["Effect", <PolicyBadges policy={policy} />],
            ["In force", stateWords(policy)],
            ["About", <ForeignText text={aboutWords(policy)} />],
            ["Arguments it reads", argumentsRead(policy)],
            ["Matched in the last day", <Matches policy={policy} />],
            ["Tests beside it", testWords(detail)],
          ]}
        />
        <div class="actions">
          <ButtonLink href={first === undefined ? TRY : tryLink(first)}>Try a call</ButtonLink>
          <ButtonLink href={callsLink(policy.id)}>Calls it matched</ButtonLink>
        </div>
      </div>
      <h2 class="mono">
        <ForeignText text={`${policy.file}:${policy.line}`} />
      </h2>
      <SourceLines label={`Lines of ${policy.id}`} {...source} />
      <h2>Tools it is about</h2>
      {tools.length === 0 ? (
        <p class="soft">
          {policy.enabled
            ? "None of those that the upstreams list now. Is its target spelt right?"
            : "None while it is disabled."}
        </p>
      ) : (
        <ul class="names">
          {tools.slice(0, MAX_TOOLS).map((tool) => (
            <li>
              <ToolLink tool={tool} />
            </li>
          ))}
          {tools.length > MAX_TOOLS ? <li>and {counted(tools.length - MAX_TOOLS, "tool")} more</li> : null}
        </ul>
      )}
      {tests === undefined && policy.enabled ? (
        <p class="soft">No tests stand beside this file. Try a call, and keep what comes of it as the first one.</p>
      ) : null}
    </>
  );
}

function stateWords({ enabled, shadow }: PolicyView): string {
  if (!enabled) return "No: enabled is false.";
  return shadow ? "In shadow: evaluated and recorded, not applied." : "Yes";
}

function argumentsRead({ looksAt }: PolicyView): string | undefined {
  const paths = looksAt.map((path) => ["args", ...path.map((step) => step ?? "*")].join("."));
  return paths.length === 0 ? "none" : [...new Set(paths)].join(", ");
}

function testWords({ tests, policy }: PolicyDetail): string {
  if (tests === undefined) return "none";
  return `${counted(tests.count, "test")} in ${tests.file}; ${tests.expecting} expect ${policy.id}`;
}
