import type { ApprovalPage } from "../../approvals/approvals.ts";
import { APPROVAL_STATES } from "../../core/approval.ts";
import { CodeBlock } from "../components/code-block.tsx";
import { EmptyState } from "../components/empty-state.tsx";
import { SelectField, TextField } from "../components/fields.tsx";
import { Pager } from "../components/pager.tsx";
import { type InboxQuery, inboxUrl, type Show } from "./inbox-query.ts";
import { type ListedRequest, RequestTable } from "./request-table.tsx";
import { STATES } from "./words.ts";

/** A part of the overview: the newest of some requests, and whether there are more. */
export interface InboxPart {
  readonly rows: readonly ListedRequest[];
  readonly more: boolean;
}

/** The overview: what waits for the operator, what they asked for, and what else they may see. */
export function Inbox(props: {
  readonly decide: InboxPart;
  readonly mine: InboxPart;
  /** What is in neither of these. */
  readonly others: InboxPart;
  readonly admin: boolean;
  readonly now: number;
}) {
  const { decide, mine, others, admin, now } = props;
  if (decide.rows.length + mine.rows.length + others.rows.length === 0) return <NothingYet />;
  return (
    <>
      <section aria-labelledby="to-decide">
        <h2 id="to-decide">Waiting for you</h2>
        {decide.rows.length === 0 ? (
          <p class="soft">Nothing waits for your decision. New requests appear here by themselves.</p>
        ) : (
          <RequestTable caption="Requests that you may decide" rows={decide.rows} now={now} />
        )}
        <More part={decide} show="decide" />
      </section>
      <section aria-labelledby="mine">
        <h2 id="mine">What you asked for</h2>
        {mine.rows.length === 0 ? (
          <p class="soft">Calls of your agents that need an approval stand here, with what became of them.</p>
        ) : (
          <RequestTable caption="Requests of your agents" rows={mine.rows} now={now} />
        )}
        <More part={mine} show="mine" />
      </section>
      {others.rows.length === 0 && !others.more ? null : (
        <section aria-labelledby="others">
          <h2 id="others">{admin ? "Everybody's" : "Others that you may see"}</h2>
          {others.rows.length === 0 ? null : (
            <RequestTable caption="Other requests, the newest first" rows={others.rows} now={now} />
          )}
          <More part={others} show="all" />
        </section>
      )}
      <details class="fold find">
        <summary>Find a request</summary>
        <Filters query={{ show: "all", state: "", flow: "", tool: "", cursor: undefined }} admin={admin} />
      </details>
    </>
  );
}

/** One list with its filters. */
export function InboxList(props: {
  readonly query: InboxQuery;
  readonly rows: readonly ListedRequest[];
  readonly next: ApprovalPage["nextCursor"];
  readonly admin: boolean;
  readonly now: number;
}) {
  const { query, rows, next, admin, now } = props;
  return (
    <>
      <p>
        <a href="/console/approvals">Back to the overview</a>
      </p>
      <Filters query={query} admin={admin} />
      {rows.length === 0 ? (
        <EmptyState title="No such requests">
          <p>Nothing fits these filters. Take one away, or look at any state.</p>
        </EmptyState>
      ) : (
        <RequestTable caption="Requests" rows={rows} now={now} />
      )}
      <Pager url={inboxUrl(query)} cursor={query.cursor} next={next} />
    </>
  );
}

function More({ part, show }: { readonly part: InboxPart; readonly show: Show }) {
  if (!part.more) return null;
  return (
    <p class="more-link">
      <a href={inboxUrl({ show, state: "", flow: "", tool: "" })}>{MORE[show]}</a>
    </p>
  );
}

const MORE = {
  decide: "All that wait for you",
  mine: "All that you asked for",
  all: "All of them",
} as const satisfies Record<Show, string>;

function Filters({ query, admin }: { readonly query: InboxQuery; readonly admin: boolean }) {
  const { show, state, flow, tool } = query;
  return (
    <form class="filters pairs" action="/console/approvals" method="get">
      <SelectField
        label="Whose"
        name="show"
        value={show}
        options={[
          { value: "decide", label: "Mine to decide" },
          { value: "mine", label: "Asked by me" },
          { value: "all", label: admin ? "Everybody's" : "All that I may see" },
        ]}
      />
      <SelectField
        label="State"
        name="state"
        value={state}
        options={[
          { value: "", label: "any" },
          { value: "open", label: "not over yet" },
          ...APPROVAL_STATES.map((value) => ({ value, label: STATES[value].name })),
        ]}
      />
      <TextField label="Flow" name="flow" value={flow} maxlength={64} />
      <TextField label="Tool" name="tool" value={tool} maxlength={512} />
      <button type="submit" class="button plain">
        Show
      </button>
    </form>
  );
}

/** What this is, and the exact lines that make a call wait. */
function NothingYet() {
  return (
    <EmptyState title="Nothing waits for anybody">
      <p>
        A policy can let a call through only with people's consent. Such calls stand here until somebody decides. Two
        things make it so. A flow in <code>portcullis.yaml</code> says who decides:
      </p>
      <CodeBlock label="Lines for portcullis.yaml" text={FLOW} />
      <p>A policy sends calls there:</p>
      <CodeBlock label="Lines for a policy file" text={POLICY} />
    </EmptyState>
  );
}

const FLOW = `approval_flows:
  finance:
    stages:
      - approvers: { roles: [finance-lead] }`;

const POLICY = `policies:
  - id: large-expenses
    target: { tools: ["expenses/create_expense"] }
    when: args.amount > 500
    then:
      request_approval: { flow: finance, message: "Above the limit of 500." }`;
