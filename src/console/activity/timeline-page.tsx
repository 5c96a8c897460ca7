import type { Child } from "hono/jsx";
import { actorOf } from "../../audit/actor-of.ts";
import { askedMsIn } from "../../audit/asked-ms.ts";
import { clientName } from "../../audit/client-name.ts";
import { jsonIn, readMatches } from "../../audit/read/read-matches.ts";
import { subjectWords } from "../../audit/read/subject-of.ts";
import type { ApprovalEvent, Person } from "../../core/approval.ts";
import { lengthText } from "../../core/duration.ts";
import type { CallTimeline } from "../../operations/activity/activity.ts";
import { callWords } from "../call-words.ts";
import { Badge } from "../components/badge.tsx";
import { ForeignText } from "../components/foreign-text.tsx";
import { OutcomeBadge } from "../components/outcome.tsx";
import { PersonLabel } from "../components/person-label.tsx";
import { Time } from "../components/time.tsx";
import { outcomeWords } from "../outcome-words.ts";
import { CallFacts } from "./call-facts.tsx";
import { timelineUrl } from "./call-list.tsx";
import { definitionWords } from "./definition-words.ts";
import { leftOutWords } from "./left-out-words.ts";
import { MatchedPolicies } from "./matched-policies.tsx";
import { addressWords, refusedWords } from "./refused-words.ts";
import { type TimelineStep, timelineSteps } from "./timeline-steps.ts";
import { actWords, stepUpWords } from "./timeline-words.ts";

/** Everything about one call, in order of time. `id` is the one that was asked for; `now` in ms since the epoch. */
export function TimelinePage({
  timeline,
  id,
  now,
}: {
  readonly timeline: CallTimeline;
  readonly id: string;
  readonly now: number;
}) {
  // Who came with the id of an approval or a sign-in is shown the call that led there.
  const calls = timeline.entries.filter(({ kind }) => kind === "opened");
  const call = calls.find(({ callId }) => callId === id) ?? calls[0];
  return (
    <div class="columns timeline-page">
      <section class="panel" aria-labelledby="timeline">
        <h2 id="timeline">What happened</h2>
        <ol class="timeline">
          {timelineSteps(timeline, id).map((step) => (
            <li>
              <p class="soft">
                <Time at={step.at} now={now} /> · {new Date(step.at).toISOString().slice(11, 23)} UTC
              </p>
              <Step step={step} />
            </li>
          ))}
        </ol>
        {timeline.cut ? <p class="soft">There is more: the same was asked for again and again.</p> : null}
      </section>
      {call === undefined ? null : <CallFacts entry={call} />}
    </div>
  );
}

function Step({ step }: { readonly step: TimelineStep }) {
  switch (step.kind) {
    case "call":
      return <CallStep {...step} />;
    case "end":
      return <EndStep {...step} />;
    case "approval":
      return <ApprovalStep event={step.event} />;
    case "vote":
    case "admin": {
      const { outcome, upstream, tool, facts } = step.entry;
      const definition = definitionWords(outcome, jsonIn(facts));
      if (definition !== undefined) {
        return (
          <>
            <h3>
              {tool === null ? null : <ForeignText text={`${upstream ?? ""}/${tool}`} fold={80} />} {definition.text}
            </h3>
            {definition.differs.length === 0 ? null : (
              <p class="soft">What differs: {definition.differs.join(", ")}.</p>
            )}
          </>
        );
      }
      const leftOut = leftOutWords(step.entry);
      if (leftOut !== undefined) {
        return (
          <h3>
            <ForeignText text={actorOf(step.entry) ?? "Many people"} fold={80} /> {leftOut}
          </h3>
        );
      }
      return (
        <h3>
          <ForeignText text={actorOf(step.entry) ?? "The gateway"} fold={80} /> <code>{outcome}</code>
        </h3>
      );
    }
    case "refused":
      return <RefusedStep {...step} />;
    case "sign_in": {
      const { text, tone } = stepUpWords(step.entry.outcome);
      return (
        <h3>
          <Badge tone={tone}>sign-in</Badge> {text}
        </h3>
      );
    }
    default:
      return step satisfies never;
  }
}

function RefusedStep({ entry }: Extract<TimelineStep, { kind: "refused" }>) {
  const { text, more } = refusedWords(entry);
  return (
    <>
      <h3>
        <ForeignText text={actorOf(entry) ?? addressWords(entry)} fold={80} /> {text}
      </h3>
      <ul class="soft">
        {more.map((line) => (
          <li>
            <ForeignText text={line} fold={200} />
          </li>
        ))}
      </ul>
    </>
  );
}

function CallStep({ entry, run, focus }: Extract<TimelineStep, { kind: "call" }>) {
  const { callId } = entry;
  const client = clientName(entry);
  const words = run ? APPROVED : callWords(entry);
  const about = entry.subjectKind === null ? undefined : subjectWords(entry);
  return (
    <>
      <h3>
        {run ? (
          `The approved ${about === undefined ? "call" : "request"} was run `
        ) : (
          <>
            <ForeignText text={actorOf(entry) ?? "Somebody"} fold={80} /> {about === undefined
              ? "called"
              : "asked for"}{" "}
          </>
        )}
        {about === undefined || run ? null : (
          <>
            <ForeignText text={about} fold={80} />{" "}
          </>
        )}
        <Badge tone={words.tone}>{words.label}</Badge>
      </h3>
      <p class="soft">
        {focus ? <code>{callId}</code> : <a href={timelineUrl(callId)}>{callId}</a>}
        {client === undefined || run ? null : (
          <>
            {" from "}
            <ForeignText text={client} fold={80} />
          </>
        )}
      </p>
      <MatchedPolicies matches={readMatches(entry.policies)} />
    </>
  );
}

const APPROVED = { tone: "good", label: "approved" } as const;

function EndStep({ entry, run }: Extract<TimelineStep, { kind: "end" }>) {
  const { text, tone } = outcomeWords(entry.outcome);
  const waits = !run && tone === "wait";
  const asked = askedMsIn(entry.endFacts);
  return (
    <>
      <h3>
        <OutcomeBadge outcome={entry.outcome} /> {text}
      </h3>
      {entry.durationMs === null ? null : (
        <p class="soft">
          {waits ? "The client had its answer" : "It was over"} after {lengthText(entry.durationMs)}
          {asked === 0 ? "" : `, of which its server waited ${lengthText(asked)} for answers of the client`}.
        </p>
      )}
      <MatchedPolicies matches={readMatches(entry.resultPolicies)} />
    </>
  );
}

function ApprovalStep({ event }: { readonly event: ApprovalEvent }) {
  const { text, tone } = actWords(event);
  return (
    <>
      <h3>
        <Badge tone={tone}>{event.act}</Badge> {whoActed(event.actor)} {text}
      </h3>
      {event.reason === undefined ? null : (
        <blockquote>
          <ForeignText text={event.reason} multiline={true} />
        </blockquote>
      )}
    </>
  );
}

function whoActed(actor: Person | undefined): Child {
  return actor === undefined ? "The gateway" : <PersonLabel person={actor} />;
}
