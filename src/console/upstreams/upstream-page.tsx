import type { Child } from "hono/jsx";
import { shortDuration } from "../../core/duration.ts";
import { writeExact } from "../../core/exact-json.ts";
import { knownAs } from "../../core/known-as.ts";
import type { UpstreamLatency } from "../../operations/activity/activity.ts";
import type { ToolView, UpstreamView } from "../../operations/upstreams/upstreams.ts";
import { Banner } from "../components/banner.tsx";
import { Button, ButtonLink } from "../components/button.tsx";
import { CodeBlock } from "../components/code-block.tsx";
import { CsrfField } from "../components/csrf-field.tsx";
import { FactList } from "../components/facts.tsx";
import { ForeignText } from "../components/foreign-text.tsx";
import { Time } from "../components/time.tsx";
import { adviceFor } from "./advice.ts";
import { Latency } from "./latency.tsx";
import { type LastCalls, RecentCalls } from "./recent-calls.tsx";
import { NextAttempt, protocolOf, State } from "./state.tsx";
import { ToolLinks } from "./tool-links.tsx";
import { UnreadableItems } from "./unreadable-items.tsx";
import { UnseenLists } from "./unseen-lists.tsx";

/** Everything about one server, and what can be done with it. */
export function UpstreamPage(props: {
  readonly upstream: UpstreamView;
  readonly tools: readonly ToolView[];
  /** What it did within the last day. */
  readonly latency: UpstreamLatency | undefined;
  readonly calls: LastCalls;
  readonly csrfToken: string;
  /** ms since the epoch. */
  readonly now: number;
}) {
  const { upstream, tools, latency, calls, csrfToken, now } = props;
  const { name, status } = upstream;
  const { lastError } = status;
  return (
    <>
      {lastError === undefined ? null : (
        <Banner tone={status.state === "down" ? "bad" : "warn"}>
          <ForeignText text={lastError} multiline />
          <div>{adviceFor(lastError)}</div>
          <NextAttempt status={status} now={now} />
        </Banner>
      )}
      <Actions upstream={upstream} csrfToken={csrfToken} />
      <div class="columns">
        <Connection upstream={upstream} now={now} />
        <Load upstream={upstream} latency={latency} now={now} />
      </div>
      <UnseenLists unseen={upstream.unseen} />
      <UnreadableItems faults={upstream.faults} />
      <Told upstream={upstream} />
      <h2>Tools</h2>
      <ToolLinks upstream={name} tools={tools} />
      <h2>Last calls</h2>
      <RecentCalls calls={calls} now={now} />
    </>
  );
}

/** What can be done with it. */
function Actions({ upstream, csrfToken }: { readonly upstream: UpstreamView; readonly csrfToken: string }) {
  const { name, source, tools } = upstream;
  return (
    <div class="actions">
      <form method="post" action={`/console/upstreams/${name}/test`}>
        <CsrfField token={csrfToken} />
        <Button tone="plain">Test the connection</Button>
      </form>
      <ButtonLink href={`/console/tools?upstream=${name}`}>Its tools ({tools})</ButtonLink>
      <ButtonLink href={`/console/activity?upstream=${name}`}>Its calls</ButtonLink>
      {source === "file" ? null : <ButtonLink href={`/console/upstreams/${name}/remove`}>Remove…</ButtonLink>}
    </div>
  );
}

function Connection({ upstream, now }: { readonly upstream: UpstreamView; readonly now: number }) {
  const { status } = upstream;
  return (
    <section class="panel">
      <h2>Connection</h2>
      <FactList
        entries={[
          ["State", <State status={status} now={now} />],
          ["Address", <ForeignText text={upstream.address} />],
          ["Protocol", protocolOf(status)],
          ["Served at", <Paths paths={upstream.endpoints} />],
          ["Deadline", `${shortDuration(upstream.timeoutMs)} a request`],
          ["Sessions", ISOLATION[upstream.isolation]],
          ["From", <Source upstream={upstream} now={now} />],
        ]}
      />
    </section>
  );
}

function Load(props: {
  readonly upstream: UpstreamView;
  readonly latency: UpstreamLatency | undefined;
  readonly now: number;
}) {
  const { upstream, latency, now } = props;
  const { name, load } = upstream;
  return (
    <section class="panel">
      <h2>Load</h2>
      <FactList
        entries={[
          ["Last day", <Latency upstream={name} latency={latency} now={now} />],
          ["Calls in flight", load.inFlight],
          ["Sessions open", load.connected],
          ...(load.peers === undefined ? [] : [["Clients known", load.peers] as const]),
          ["Resources watched", load.watched],
        ]}
      />
    </section>
  );
}

const ISOLATION: Readonly<Record<UpstreamView["isolation"], string>> = {
  session: "one for each client",
  shared: "one for all clients",
};

function Paths({ paths }: { readonly paths: readonly string[] }) {
  return (
    <ul class="inline">
      {paths.map((path) => (
        <li>
          <code>{path}</code>
        </li>
      ))}
    </ul>
  );
}

function Source({ upstream: { registered, name }, now }: { readonly upstream: UpstreamView; readonly now: number }) {
  if (registered === undefined) {
    return (
      <>
        the configuration file: change <code>upstreams.{name}</code> there, it is reloaded at once
      </>
    );
  }
  return (
    <>
      registered by <ForeignText text={knownAs(registered)} fold={80} /> <Time at={registered.at} now={now} />
    </>
  );
}

// What the server said of itself when it was connected.
function Told({ upstream }: { readonly upstream: UpstreamView }): Child {
  const { serverInfo, instructions, capabilities } = upstream.status;
  if (serverInfo === undefined && instructions === undefined) return null;
  return (
    <section class="panel">
      <h2>What it says of itself</h2>
      <FactList
        entries={[
          ["Name", textFact(serverInfo?.["title"] ?? serverInfo?.["name"])],
          ["Version", textFact(serverInfo?.["version"])],
          ["Website", textFact(serverInfo?.["websiteUrl"])],
          ["Offers", <ForeignText text={Object.keys(capabilities).join(", ") || "nothing"} />],
          [
            "Instructions",
            instructions === undefined ? undefined : <ForeignText text={instructions} multiline fold={600} />,
          ],
        ]}
      />
      <details>
        <summary>Capabilities</summary>
        <CodeBlock text={writeExact(capabilities, "  ")} label="Capabilities as JSON" />
      </details>
    </section>
  );
}

function textFact(value: unknown): Child | undefined {
  return typeof value === "string" && value !== "" ? <ForeignText text={value} /> : undefined;
}
