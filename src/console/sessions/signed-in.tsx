import { knownAs } from "../../core/known-as.ts";
import type { SignedInPage, SignedInView } from "../../operations/sessions/signed-in.ts";
import { Button, ButtonLink } from "../components/button.tsx";
import { CsrfField } from "../components/csrf-field.tsx";
import { type Column, DataTable } from "../components/data-table.tsx";
import { FactList } from "../components/facts.tsx";
import { ForeignText } from "../components/foreign-text.tsx";
import { Pager } from "../components/pager.tsx";
import { Time } from "../components/time.tsx";
import { harmless } from "../harmless.ts";
import { SessionHolder } from "./session-facts.tsx";

/** Who is signed in to the console: at least whoever looks. */
export function SignedInList(props: {
  readonly page: SignedInPage;
  readonly cursor: string | undefined;
  /** ms since the epoch. */
  readonly now: number;
}) {
  const { page, cursor, now } = props;
  return (
    <>
      <DataTable
        caption="Signed in to the console"
        columns={columns(now)}
        rows={page.items}
        rowId={({ id }) => `signed-in-${id}`}
      />
      <Pager url="/console/sessions/signed-in" cursor={cursor} next={page.nextCursor} />
    </>
  );
}

function columns(now: number): readonly Column<SignedInView>[] {
  return [
    { title: "Who", cell: (session) => <SessionHolder session={session} /> },
    { title: "Issuer", cell: ({ issuer }) => <ForeignText text={issuer} /> },
    { title: "Since", cell: ({ createdAt }) => <Time at={createdAt} now={now} /> },
    { title: "Last seen", cell: ({ lastSeenAt }) => <Time at={lastSeenAt} now={now} /> },
    {
      title: "End",
      kind: "action",
      cell: ({ id, ...session }) => {
        const whose = harmless(knownAs(session), 160).text;
        return (
          <a class="button plain" href={`/console/sessions/signed-in/end?id=${id}`} aria-label={`Sign out ${whose}`}>
            Sign out…
          </a>
        );
      },
    },
  ];
}

/** Asks whether somebody should really be signed out. */
export function SignOut(props: {
  readonly session: SignedInView;
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
          ["Since", <Time at={session.createdAt} now={now} />],
          ["Last seen", <Time at={session.lastSeenAt} now={now} />],
          ["Ends by itself", <Time at={session.expiresAt} now={now} />],
        ]}
      />
      <p>This keeps nobody out: for that, take away the key or the role.</p>
      <form method="post" action="/console/sessions/signed-in/end" class="actions">
        <CsrfField token={csrfToken} />
        <input type="hidden" name="id" value={session.id} />
        <Button tone="danger">Sign out</Button>
        <ButtonLink href="/console/sessions/signed-in">Keep it</ButtonLink>
      </form>
    </>
  );
}
