import type { ApprovalRequest } from "../../core/approval.ts";
import { Badge } from "../components/badge.tsx";
import { FactList } from "../components/facts.tsx";
import { ForeignText } from "../components/foreign-text.tsx";
import { Time } from "../components/time.tsx";
import { exactTime } from "../times.ts";
import { MarkedText } from "../values/marked-text.tsx";
import { scanText } from "../values/scan-text.ts";
import { CallPanel } from "./call-panel.tsx";
import { DecisionBar, type Written } from "./decision-bar.tsx";
import { HistoryList, HistoryPanel } from "./history-panel.tsx";
import { ClientLabel, PersonName } from "./person.tsx";
import type { RequestView } from "./request-view.ts";
import { StagesPanel } from "./stages-panel.tsx";
import { TimeLeft } from "./time-left.tsx";
import { meaningOf, STATES } from "./words.ts";

/** Everything that somebody who decides should read, and where they decide. */
export function RequestPage(props: {
  readonly view: RequestView;
  readonly csrfToken: string;
  readonly now: number;
  /** The last thing in the history that the operator had seen; what came after is told on top. */
  readonly seen?: number | undefined;
  readonly written?: Written | undefined;
}) {
  const { view, csrfToken, now, seen, written } = props;
  const { request, history } = view;
  return (
    <article class="request">
      <Standing view={view} now={now} />
      <Since view={view} seen={seen} now={now} />
      <div class="request-parts">
        <div>
          <WhyPanel view={view} />
          <CallPanel view={view} />
        </div>
        <div>
          <RequesterPanel request={request} admin={view.operator.admin} now={now} />
          <StagesPanel request={request} now={now} />
          <HistoryPanel history={history} now={now} />
        </div>
      </div>
      <DecisionBar view={view} csrfToken={csrfToken} written={written} />
    </article>
  );
}

function Standing({ view, now }: { readonly view: RequestView; readonly now: number }) {
  const { state, pendingUntil, executeUntil, run } = view.request;
  const { name, tone } = STATES[state];
  const { means, runs } = meaningOf(state, view.subject.standing);
  return (
    <p class="standing">
      <span role="status">
        <Badge tone={tone}>{name}</Badge> {means}
      </span>{" "}
      {state === "pending" ? <TimeLeft until={pendingUntil} now={now} /> : null}
      {state === "approved" && executeUntil !== undefined ? (
        <>
          {runs && run === "caller" ? "Its agent has to come back for it. " : ""}
          <TimeLeft until={executeUntil} now={now} />
        </>
      ) : null}
    </p>
  );
}

/** What came after what the operator had seen. */
function Since({
  view,
  seen,
  now,
}: {
  readonly view: RequestView;
  readonly seen: number | undefined;
  readonly now: number;
}) {
  const since = seen === undefined ? [] : view.history.filter(({ seq }) => seq > seen);
  if (since.length === 0) return null;
  return (
    <section class="panel since" aria-labelledby="since">
      <h2 id="since">Since you looked</h2>
      <HistoryList history={since} now={now} />
    </section>
  );
}

function WhyPanel({ view }: { readonly view: RequestView }) {
  const { request, subject, message } = view;
  return (
    <section class="panel" aria-labelledby="why">
      <h2 id="why">Why it waits</h2>
      {message === undefined ? (
        <p class="soft">What the policy says may repeat arguments: only who asked and who decides read it.</p>
      ) : message === "" ? null : (
        <p class="message foreign lines">
          <MarkedText runs={scanText(message)} />
        </p>
      )}
      <ul class="policies">
        {request.policies.map((id) => {
          const policy = subject.policies.find((known) => known.id === id);
          return (
            <li>
              <code>{id}</code>
              {policy?.description === undefined ? null : (
                <span class="soft">
                  {" "}
                  <ForeignText text={policy.description} />
                </span>
              )}
              {policy === undefined ? <span class="soft"> (no longer there)</span> : null}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function RequesterPanel(props: { readonly request: ApprovalRequest; readonly admin: boolean; readonly now: number }) {
  const { request, admin, now } = props;
  const { requester, createdAt, executionStartedAt, executionEndedAt, deliveredAt } = request;
  return (
    <section class="panel" aria-labelledby="asked">
      <h2 id="asked">Who asks</h2>
      <FactList
        entries={[
          ["Person", <PersonName person={requester} />],
          ["Through", <ClientLabel requester={requester} />],
          ["Asked", <Time at={createdAt} now={now} />],
          ["Started", executionStartedAt === undefined ? undefined : <Time at={executionStartedAt} now={now} />],
          ["Ended", executionEndedAt === undefined ? undefined : <Time at={executionEndedAt} now={now} />],
          ["Told", deliveredAt === undefined ? undefined : <Time at={deliveredAt} now={now} />],
          ["Request", <code title={exactTime(createdAt)}>{request.id}</code>],
          ["On record", admin ? <a href={`/console/activity?call=${request.id}`}>its calls and votes</a> : undefined],
        ]}
      />
    </section>
  );
}
