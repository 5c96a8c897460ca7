import type { SessionView } from "../../core/live-sessions.ts";
import { Button, ButtonLink } from "../components/button.tsx";
import { CsrfField } from "../components/csrf-field.tsx";
import { FactList } from "../components/facts.tsx";
import { ForeignText } from "../components/foreign-text.tsx";
import { Time } from "../components/time.tsx";
import { endpointPath, Presence, SessionClient, SessionHolder } from "./session-facts.tsx";

/** Asks whether a session should really end, and says what that does and does not do. */
export function EndSession(props: {
  readonly session: SessionView;
  readonly csrfToken: string;
  /** ms since the epoch. */
  readonly now: number;
}) {
  const { session, csrfToken, now } = props;
  return (
    <>
      <FactList
        entries={[
          ["Who", <SessionHolder session={session} />],
          ["Issuer", <ForeignText text={session.issuer} />],
          ["Client", <SessionClient info={session.clientInfo} />],
          ["Now", <Presence session={session} />],
          ["Endpoint", <code>{endpointPath(session.endpoint)}</code>],
          ["Protocol", session.protocolVersion],
          ["Since", <Time at={session.createdAt} now={now} />],
          ["Last seen", <Time at={session.lastSeenAt} now={now} />],
        ]}
      />
      <p>{session.era === "legacy" ? ENDS_SESSION : ENDS_STREAM}</p>
      <p>This keeps nobody out: for that, take away the key or the role, or write a policy.</p>
      <form method="post" action="/console/sessions/end" class="actions">
        <CsrfField token={csrfToken} />
        <input type="hidden" name="id" value={session.id} />
        <Button tone="danger">End this session</Button>
        <ButtonLink href="/console/sessions">Keep it</ButtonLink>
      </form>
    </>
  );
}

const ENDS_SESSION = "Its calls in flight end, its streams close, and its client has to initialise again.";
const ENDS_STREAM =
  "Its stream closes, and calls in flight go on. A client of this protocol has no session: it listens again when it wants to.";
