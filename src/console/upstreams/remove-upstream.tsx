import type { UpstreamView } from "../../operations/upstreams/upstreams.ts";
import { Button, ButtonLink } from "../components/button.tsx";
import { CsrfField } from "../components/csrf-field.tsx";

/** Asks whether a registered server should really go, and says what goes with it. */
export function RemoveUpstream({
  upstream,
  csrfToken,
}: {
  readonly upstream: UpstreamView;
  readonly csrfToken: string;
}) {
  const { name, tools, load } = upstream;
  return (
    <>
      <p>
        Its {tools === 1 ? "tool is" : `${tools} tools are`} no longer offered, <code>/mcp/{name}</code> is gone,{" "}
        {load.inFlight === 0 ? "no call is in flight" : `${load.inFlight} calls in flight are cut off`}, and its entry
        with the credentials in it is deleted. The audit keeps what was called.
      </p>
      <form method="post" action={`/console/upstreams/${name}/remove`} class="actions">
        <CsrfField token={csrfToken} />
        <Button tone="danger">Remove {name}</Button>
        <ButtonLink href={`/console/upstreams/${name}`}>Keep it</ButtonLink>
      </form>
    </>
  );
}
