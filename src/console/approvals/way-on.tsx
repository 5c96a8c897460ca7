import type { ApprovalRequest } from "../../core/approval.ts";
import { callName } from "./request-table.tsx";
import { TimeLeft } from "./time-left.tsx";

/** From a request back to all, and on to what waits for the operator next. */
export function WayOn(props: {
  readonly next: ApprovalRequest | undefined;
  /** How many wait for them, this one included; `undefined`: nobody has counted. */
  readonly waiting: number | undefined;
  readonly now: number;
}) {
  const { next, waiting = 0, now } = props;
  return (
    <nav class="way" aria-label="Requests">
      <a href="/console/approvals">All approvals</a>
      {next === undefined ? null : (
        <span>
          <a class="next-request" rel="next" href={`/console/approvals/${next.id}`}>
            Next{waiting > 1 ? ` of ${waiting}` : ""}: {callName(next)}
          </a>{" "}
          <TimeLeft until={next.pendingUntil} now={now} />
        </span>
      )}
    </nav>
  );
}
