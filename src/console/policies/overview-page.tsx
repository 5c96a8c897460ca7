import { counted, grouped } from "../../core/counted.ts";
import type { PolicyState, PolicyView, ToolPath } from "../../operations/policies/policies.ts";
import { Badge } from "../components/badge.tsx";
import { Button, ButtonLink } from "../components/button.tsx";
import { CodeBlock } from "../components/code-block.tsx";
import { DataTable } from "../components/data-table.tsx";
import { EmptyState } from "../components/empty-state.tsx";
import { SelectField, TextField } from "../components/fields.tsx";
import { ForeignText } from "../components/foreign-text.tsx";
import { Time } from "../components/time.tsx";
import { overviewLink, POLICIES, pathText, policyLink, TRY, tryLink } from "../policy-words/links.ts";
import { type Overview, type OverviewQuery, POLICY_FILTERS, type PolicyFilter } from "../policy-words/overview.ts";
import { aboutWords } from "../policy-words/words.ts";
import { Mistakes } from "./mistakes.tsx";
import { Matches, PolicyBadges } from "./policy-badges.tsx";

/** What the list of policies shows. */
export interface OverviewProps {
  readonly state: PolicyState;
  readonly query: OverviewQuery;
  readonly overview: Overview;
  /** ms since the epoch. */
  readonly now: number;
}

/** The policies in force by file, what none of them covers, and what is wrong with newer files. */
export function OverviewPage({ state, query, overview, now }: OverviewProps) {
  return (
    <>
      <Mistakes mistakes={state.mistakes} />
      <div class="policy-head">
        <p>
          {counted(state.policies.length, "policy")}, taken up <Time at={state.since} now={now} />. A call that none of
          them decides is <strong>{state.default === "allow" ? "allowed" : "denied"}</strong>.
        </p>
        <ButtonLink href={TRY}>Try a call</ButtonLink>
      </div>
      <Coverage state={state} />
      {state.policies.length === 0 ? <NoPolicies dir={state.dir} /> : <Filters query={query} />}
      {overview.files.map(({ file, policies }) => (
        <PolicyTable file={file} policies={policies} />
      ))}
      {overview.found === 0 && state.policies.length > 0 ? (
        <EmptyState title="No policy fits">
          <p>
            Fewer words may find one, or <a href={POLICIES}>look at all of them</a>.
          </p>
        </EmptyState>
      ) : null}
      <Pages query={query} overview={overview} />
    </>
  );
}

function PolicyTable({ file, policies }: { readonly file: string; readonly policies: readonly PolicyView[] }) {
  return (
    <section class="policy-file">
      <h2 class="mono">
        <ForeignText text={file} />
      </h2>
      <DataTable
        caption={`Policies of ${file}`}
        rows={policies}
        rowId={({ id }) => `policy-${id}`}
        columns={[
          {
            title: "Policy",
            cell: ({ id, description }) => (
              <>
                <a href={policyLink(id)}>{id}</a>
                {description === undefined ? null : (
                  <p class="about">
                    <ForeignText text={description} />
                  </p>
                )}
              </>
            ),
          },
          { title: "Effect", cell: (policy) => <PolicyBadges policy={policy} /> },
          { title: "About", cell: (policy) => <ForeignText text={aboutWords(policy)} /> },
          { title: "Last day", cell: (policy) => <Matches policy={policy} /> },
        ]}
      />
    </section>
  );
}

/** Named one by one; more than so many are no list to read. */
const MAX_UNCOVERED = 200;

function Coverage({ state }: { readonly state: PolicyState }) {
  const { tools, uncovered } = state;
  if (tools === 0) return <p class="soft">No upstream lists any tool yet, so nothing can be said about coverage.</p>;
  if (uncovered.length === 0) {
    return (
      <p>
        <Badge tone="good">covered</Badge> At least one policy is about each of the {counted(tools, "tool")}.
      </p>
    );
  }
  const allowed = state.default === "allow";
  return (
    <details class="coverage">
      <summary>
        <Badge tone={allowed ? "warn" : "calm"}>{grouped(uncovered.length)} uncovered</Badge> No policy is about{" "}
        {uncovered.length} of {counted(tools, "tool")}: calls of {uncovered.length === 1 ? "it" : "them"} are{" "}
        {allowed ? "allowed" : "denied"} by default.
      </summary>
      <ul class="names">
        {uncovered.slice(0, MAX_UNCOVERED).map((tool) => (
          <li>
            <ToolLink tool={tool} />
          </li>
        ))}
        {uncovered.length > MAX_UNCOVERED ? <li>and {uncovered.length - MAX_UNCOVERED} more</li> : null}
      </ul>
    </details>
  );
}

/** A tool, leading to the form in which a call of it is tried. */
export function ToolLink({ tool }: { readonly tool: ToolPath }) {
  return (
    <a class="mono" href={tryLink(tool)}>
      <ForeignText text={pathText(tool)} />
    </a>
  );
}

const SHOW_LABELS: Readonly<Record<PolicyFilter, string>> = {
  all: "All policies",
  active: "Active",
  shadow: "In shadow",
  disabled: "Disabled",
  unmatched: "Not matched in the last day",
};

function Filters({ query }: { readonly query: OverviewQuery }) {
  return (
    <form class="filters" method="get" action={POLICIES}>
      <TextField label="Find" name="q" type="search" value={query.words} maxlength={200} />
      <SelectField
        label="Show"
        name="show"
        value={query.show}
        options={POLICY_FILTERS.map((value) => ({ value, label: SHOW_LABELS[value] }))}
      />
      <Button tone="plain">Show</Button>
    </form>
  );
}

function Pages({ query, overview }: { readonly query: OverviewQuery; readonly overview: Overview }) {
  const { page, pages } = overview;
  if (pages === 1) return null;
  const link = (to: number): string => overviewLink({ ...query, page: to });
  return (
    <nav class="pager" aria-label="Pages">
      {page > 1 ? (
        <a rel="prev" href={link(page - 1)}>
          Previous
        </a>
      ) : null}
      <span class="soft">
        Page {page} of {pages}
      </span>
      {page < pages ? (
        <a rel="next" href={link(page + 1)}>
          Next
        </a>
      ) : null}
    </nav>
  );
}

const FIRST_POLICY = `policies:
  - id: large-expenses
    description: Only the CFO files an expense above 10,000.
    target:
      tools: ["expenses/create_*"]
    when: args.amount > 10000 && !("cfo" in user.roles)
    then:
      deny:
        message: Expenses above 10,000 need the CFO.`;

function NoPolicies({ dir }: { readonly dir: string }) {
  return (
    <EmptyState title="There are no policies yet">
      <p>
        A policy says which calls it is about, when it counts, and what happens then. Write one into a file such as{" "}
        <span class="mono">{dir}/expenses.yaml</span>. It counts as soon as it is saved.
      </p>
      <CodeBlock label="A first policy" text={FIRST_POLICY} />
    </EmptyState>
  );
}
