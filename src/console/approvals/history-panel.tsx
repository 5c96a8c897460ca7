import type { ApprovalEvent } from "../../core/approval.ts";
import { ForeignText } from "../components/foreign-text.tsx";
import { Time } from "../components/time.tsx";
import { PersonName } from "./person.tsx";
import { ACT_WORDS } from "./words.ts";

/** What happened to a request, the oldest first. */
export function HistoryPanel({ history, now }: { readonly history: readonly ApprovalEvent[]; readonly now: number }) {
  return (
    <section class="panel" aria-labelledby="history">
      <h2 id="history">What happened</h2>
      <HistoryList history={history} now={now} />
    </section>
  );
}

/** Events as a list. */
export function HistoryList({ history, now }: { readonly history: readonly ApprovalEvent[]; readonly now: number }) {
  return (
    <ol class="history">
      {history.map(({ act, actor, reason, at }) => (
        <li>
          <Time at={at} now={now} />
          <div>
            {actor === undefined ? null : <PersonName person={actor} />} {ACT_WORDS[act]}
            {reason === undefined ? null : (
              <>
                {": "}
                <ForeignText text={reason} multiline={reason.includes("\n")} />
              </>
            )}
          </div>
        </li>
      ))}
    </ol>
  );
}
