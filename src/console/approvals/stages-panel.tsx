import type { ApprovalDecision, ApprovalRequest, ApprovalStage } from "../../core/approval.ts";
import { Badge } from "../components/badge.tsx";
import { ForeignText } from "../components/foreign-text.tsx";
import { Time } from "../components/time.tsx";
import { harmless } from "../harmless.ts";
import { PersonName } from "./person.tsx";
import { TimeLeft } from "./time-left.tsx";

/** Who decides: the stages in order, with who has said what. */
export function StagesPanel({ request, now }: { readonly request: ApprovalRequest; readonly now: number }) {
  return (
    <section class="panel" aria-labelledby="stages">
      <h2 id="stages">Who decides</h2>
      <ol class="stages">
        {request.stages.map((stage, index) => (
          <Stage request={request} stage={stage} index={index} now={now} />
        ))}
      </ol>
      {request.requesterMayApprove ? <p class="soft">Who asked may be one of them.</p> : null}
    </section>
  );
}

function Stage(props: {
  readonly request: ApprovalRequest;
  readonly stage: ApprovalStage;
  readonly index: number;
  readonly now: number;
}) {
  const { request, stage, index, now } = props;
  const current = request.state === "pending" && index === request.stage;
  const said = request.decisions.filter((decision) => decision.stage === index);
  return (
    <li aria-current={current ? "step" : undefined}>
      <p>
        <strong>{harmless(stage.flow, 64).text}</strong>{" "}
        <Badge tone={stage.given >= stage.required ? "good" : current ? "wait" : "calm"}>
          {stage.given} of {stage.required}
        </Badge>
      </p>
      <p class="soft">
        {approversText(stage)}
        {stage.escalated ? " The circle was widened because nobody decided." : ""}
        {stage.escalatesAt === undefined ? null : (
          <>
            {" "}
            More people may decide if nobody does: <TimeLeft until={stage.escalatesAt} now={now} />.
          </>
        )}
      </p>
      {said.length === 0 ? null : (
        <ul class="voices">
          {said.map((decision) => (
            <VoteLine decision={decision} now={now} />
          ))}
        </ul>
      )}
    </li>
  );
}

/** Whose vote a stage needs, in a sentence. */
export function approversText({ approvers, required }: Pick<ApprovalStage, "approvers" | "required">): string {
  const who = [...approvers.roles.map((role) => `the role ${role}`), ...approvers.users];
  const named = harmless(who.join(" or "), 400).text;
  return required === 1 ? `Somebody of: ${named}.` : `${required} different people of: ${named}.`;
}

function VoteLine({ decision, now }: { readonly decision: ApprovalDecision; readonly now: number }) {
  const { approver, at, reason } = decision;
  return (
    <li>
      <PersonName person={approver} /> {decision.decision === "approve" ? "approved" : "rejected"}{" "}
      <Time at={at} now={now} />
      {reason === undefined ? null : (
        <blockquote>
          <ForeignText text={reason} multiline />
        </blockquote>
      )}
    </li>
  );
}
