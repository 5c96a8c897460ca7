import type { UpstreamStatus } from "../../upstream/upstream.ts";
import { Badge, type BadgeTone } from "../components/badge.tsx";
import { ForeignText } from "../components/foreign-text.tsx";
import { Time } from "../components/time.tsx";
import { adviceFor } from "./advice.ts";

const TONES: Readonly<Record<UpstreamStatus["state"], BadgeTone>> = { ready: "good", down: "bad", connecting: "wait" };

/** Whether a server answers, and since when. */
export function State({ status, now }: { readonly status: UpstreamStatus; readonly now: number }) {
  const { state, since } = status;
  return (
    <>
      <Badge tone={TONES[state]}>{state}</Badge> since <Time at={since} now={now} />
    </>
  );
}

/** When a server is tried again by itself. Nothing where that is not planned. */
export function NextAttempt({ status, now }: { readonly status: UpstreamStatus; readonly now: number }) {
  if (status.lastError === undefined || status.nextAttempt === undefined) return null;
  return (
    <div class="soft">
      The next attempt is <Time at={status.nextAttempt} now={now} />.
    </div>
  );
}

/** Whether somebody has to look after a server. */
export function isInTrouble({ state, lastError }: Pick<UpstreamStatus, "state" | "lastError">): boolean {
  return state === "down" || lastError !== undefined;
}

/** What fails at a server, and what to do. Nothing where nothing does. */
export function TroubleNote({ status, now }: { readonly status: UpstreamStatus; readonly now: number }) {
  const { lastError } = status;
  if (lastError === undefined) return null;
  return (
    <div class="trouble">
      <ForeignText text={lastError} fold={200} multiline />
      <div class="soft">{adviceFor(lastError)}</div>
      <NextAttempt status={status} now={now} />
    </div>
  );
}

/** How a server is spoken to: `http, 2025-11-25 and before`. */
export function protocolOf({ transport, era }: UpstreamStatus): string {
  switch (era) {
    case "modern":
      return `${transport}, 2026-07-28`;
    case "legacy":
      return `${transport}, 2025-11-25 or before`;
    case undefined:
      return `${transport}, not known yet`;
    default:
      return era satisfies never;
  }
}
