import { CsrfField } from "../components/csrf-field.tsx";
import type { RequestView } from "./request-view.ts";
import { REASON_HINTS } from "./words.ts";

/** What was written into a form that was refused. */
export interface Written {
  readonly reason: string;
  /** What is wrong with it. */
  readonly error: string | undefined;
}

/**
 * Where the operator decides, takes back or closes; within a thumb's reach on a phone. Nothing where there is nothing to
 * do. The form says what was seen, so that nobody decides about something else.
 */
export function DecisionBar(props: {
  readonly view: RequestView;
  readonly csrfToken: string;
  readonly written?: Written | undefined;
}) {
  const { view, csrfToken, written } = props;
  if (view.may.ok) return <Decide view={view} csrfToken={csrfToken} written={written} />;
  if (view.mayResolve) return <Resolve view={view} csrfToken={csrfToken} written={written} />;
  const why = WHY_NOT[view.may.code];
  if (!view.mayCancel && (view.request.state !== "pending" || why === undefined)) return null;
  return (
    <div class="bar">
      <p>{view.request.state === "pending" ? why : "It has not been started yet."}</p>
      {view.mayCancel ? <Cancel view={view} csrfToken={csrfToken} /> : null}
    </div>
  );
}

const WHY_NOT: Readonly<Record<string, string>> = {
  APPROVAL_OWN: "You asked for this, so that others decide.",
  APPROVAL_TWICE: "You have said what you think. It takes others, too.",
  APPROVAL_NOT_ELIGIBLE: "It is not your turn to decide: see who decides.",
  APPROVAL_CLOSED: "Its time is over.",
};

interface FormProps {
  readonly view: RequestView;
  readonly csrfToken: string;
  readonly written?: Written | undefined;
}

function Decide({ view, csrfToken, written }: FormProps) {
  const { request, history } = view;
  const rule = request.reason;
  return (
    <form class="bar" method="post" action={`/console/approvals/${request.id}/decision`} aria-label="Your decision">
      <CsrfField token={csrfToken} />
      <input type="hidden" name="version" value={String(request.version)} />
      <input type="hidden" name="digest" value={request.argumentsDigest} />
      <input type="hidden" name="seen" value={String(history.at(-1)?.seq ?? 0)} />
      <ReasonField hint={REASON_HINTS[rule]} required={rule !== "never"} written={written} />
      <div class="actions">
        <button
          type="submit"
          class="button main"
          name="decision"
          value="approve"
          formnovalidate={rule !== "always"}
          data-key="a"
        >
          Approve
        </button>
        <button type="submit" class="button danger" name="decision" value="reject" data-key="r">
          Reject
        </button>
      </div>
    </form>
  );
}

function Resolve({ view, csrfToken, written }: FormProps) {
  return (
    <form
      class="bar"
      method="post"
      action={`/console/approvals/${view.request.id}/resolve`}
      aria-label="What became of the call"
    >
      <CsrfField token={csrfToken} />
      <ReasonField
        hint="How you found out what became of the call. Everybody who sees the request reads it."
        required
        written={written}
      />
      <div class="actions">
        <button type="submit" class="button plain" name="outcome" value="succeeded">
          It did run
        </button>
        <button type="submit" class="button plain" name="outcome" value="failed">
          It did not
        </button>
      </div>
    </form>
  );
}

function Cancel({ view, csrfToken }: FormProps) {
  return (
    <form method="post" action={`/console/approvals/${view.request.id}/cancel`}>
      <CsrfField token={csrfToken} />
      <button type="submit" class="button plain">
        Take it back
      </button>
    </form>
  );
}

function ReasonField(props: {
  readonly hint: string;
  readonly required: boolean;
  readonly written: Written | undefined;
}) {
  const { hint, required, written } = props;
  const error = written?.error;
  return (
    <div class="field">
      <label for="reason">Reason</label>
      <p class="hint" id="reason-hint">
        {hint}
      </p>
      <textarea
        id="reason"
        name="reason"
        rows={1}
        maxlength={2000}
        required={required}
        aria-describedby={error === undefined ? "reason-hint" : "reason-hint reason-error"}
        aria-invalid={error === undefined ? undefined : "true"}
      >
        {written?.reason ?? ""}
      </textarea>
      {error === undefined ? null : (
        <p class="error" id="reason-error">
          {error}
        </p>
      )}
    </div>
  );
}
