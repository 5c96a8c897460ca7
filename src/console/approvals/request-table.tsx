import type { ApprovalRequest } from "../../core/approval.ts";
import { subjectKindOf, subjectPath } from "../../core/subject.ts";
import type { CallStanding } from "../../operations/approvals/approvals.ts";
import { Badge } from "../components/badge.tsx";
import { DataTable } from "../components/data-table.tsx";
import { PersonLabel } from "../components/person-label.tsx";
import { Time } from "../components/time.tsx";
import { harmless } from "../harmless.ts";
import { TimeLeft } from "./time-left.tsx";
import { obstacleOf, STATES } from "./words.ts";

/** One line of a list. */
export interface ListedRequest {
  readonly request: ApprovalRequest;
  /** What the policies say; `undefined`: not for this reader. */
  readonly message: string | undefined;
  /** Whether it waits for the reader. */
  readonly decidable: boolean;
  /** Whether its arguments do not fit its tool, and the reader may know. */
  readonly misfits: boolean;
  readonly standing: CallStanding;
}

/** Requests as a table; each leads to its page. */
export function RequestTable(props: {
  readonly caption: string;
  readonly rows: readonly ListedRequest[];
  readonly now: number;
}) {
  const { caption, rows, now } = props;
  return (
    <div class="compact">
      <DataTable
        caption={caption}
        rows={rows}
        rowId={({ request }) => request.id}
        columns={[
          { title: "Call", cell: (row) => <Call {...row} /> },
          { title: "Asked by", cell: ({ request }) => <PersonLabel person={request.requester} /> },
          { title: "State", cell: (row) => <State {...row} /> },
          { title: "Asked", cell: ({ request }) => <Time at={request.createdAt} now={now} /> },
          { title: "Time left", cell: ({ request }) => <Left request={request} now={now} /> },
        ]}
      />
    </div>
  );
}

function Call({ request, message, misfits, standing }: ListedRequest) {
  const obstacle = obstacleOf(request, standing);
  return (
    <>
      <a class="row-link" href={`/console/approvals/${request.id}`}>
        {callName(request)}
      </a>
      {obstacle === undefined ? null : (
        <>
          {" "}
          <Badge tone="warn" title={obstacle.text}>
            {obstacle.badge}
          </Badge>
        </>
      )}
      {misfits ? (
        <>
          {" "}
          <Badge tone="warn" title="The arguments do not fit what the tool says it takes.">
            does not fit its tool
          </Badge>
        </>
      ) : null}
      {message === undefined || message === "" ? null : (
        <p class="says">{harmless(message.replaceAll("\n", " "), MAX_MESSAGE).text}</p>
      )}
    </>
  );
}

/** What is called, in one line. */
export function callName({ method, upstream, tool }: Pick<ApprovalRequest, "method" | "upstream" | "tool">): string {
  const shown = (text: string): string => harmless(text, MAX_NAME).text;
  return subjectPath({ kind: subjectKindOf(method), upstream: shown(upstream), name: shown(tool) });
}

const MAX_NAME = 80;
const MAX_MESSAGE = 160;

function State({ request, decidable }: ListedRequest) {
  const { state, stage, stages } = request;
  const current = stages[stage];
  const { name, tone } = STATES[state];
  return (
    <>
      <Badge tone={tone}>{decidable ? "waiting for you" : name}</Badge>
      {state !== "pending" || current === undefined || stages.length + current.required === 2 ? null : (
        <span class="soft aside">
          {stages.length === 1 ? "" : `stage ${stage + 1} of ${stages.length}, `}
          {current.given} of {current.required}
        </span>
      )}
    </>
  );
}

function Left({ request, now }: { readonly request: ApprovalRequest; readonly now: number }) {
  const { state, pendingUntil, executeUntil } = request;
  if (state === "pending") return <TimeLeft until={pendingUntil} now={now} />;
  if (state === "approved" && executeUntil !== undefined) return <TimeLeft until={executeUntil} now={now} />;
  return null;
}
