import { type Context, Hono } from "hono";
import type { EntryMistake } from "../../config/checks/upstream-entry.ts";
import { CALLS_LEFT_OUT } from "../../core/call-outcome.ts";
import { ERRORS, type Refusal, refusalText, refuse } from "../../core/errors.ts";
import type { ActivityOperations } from "../../operations/activity/activity.ts";
import type { UpstreamView } from "../../operations/upstreams/upstreams.ts";
import type { Area } from "../area.ts";
import { ButtonLink } from "../components/button.tsx";
import { Live } from "../components/live.tsx";
import type { ConsoleEnv } from "../console-env.ts";
import { type PageFrame, page } from "../layout.tsx";
import { missingPage } from "../plain-pages.tsx";
import { EMPTY_REGISTRATION, fieldsOf, type RegistrationFields, readRegistration } from "./read-registration.ts";
import type { LastCalls } from "./recent-calls.tsx";
import { RegisterForm } from "./register-form.tsx";
import { RemoveUpstream } from "./remove-upstream.tsx";
import { isInTrouble } from "./state.tsx";
import { ConnectionTestResult } from "./test-result.tsx";
import { UpstreamList } from "./upstream-list.tsx";
import { UpstreamPage } from "./upstream-page.tsx";

type C = Context<ConsoleEnv>;

/** The upstreams: their state, and those that are registered while it runs. */
export const upstreamsArea: Area = {
  path: "upstreams",
  title: "Upstreams",
  admin: true,
  trouble: ({ operations: { upstreams } }) => {
    const count = upstreams.list().filter(({ status }) => isInTrouble(status)).length;
    return count === 0 ? undefined : { count, what: count === 1 ? "has trouble" : "have trouble" };
  },
  create: ({ operations: { upstreams, tools, activity } }) => {
    const latencyOf = async (at: number) => {
      const overview = await activity.overview({ since: at - DAY_MS, until: at, stepMs: STEP_MS });
      return overview.upstreams;
    };
    const app = new Hono<ConsoleEnv>();

    app.get("/", async (c) => {
      const at = c.get("at");
      const frame = { title: "Upstreams", area: AREA, lead: LEAD, ...noticeOf(c) };
      const latency = await latencyOf(at);
      return page(
        c,
        frame,
        <Live assets={c.get("assets")} kind="upstream" url="/console/upstreams" now={at}>
          <UpstreamList upstreams={troubleFirst(upstreams.list())} latency={latency} now={at} />
        </Live>,
      );
    });

    // No name of a server begins with an underscore.
    app.get("/_register", (c) => formPage(c, EMPTY_REGISTRATION, [], {}));
    app.post("/_register", async (c) => {
      const form = c.get("form");
      const fields = fieldsOf(form);
      const read = readRegistration(form);
      if (!read.ok) return formPage(c, fields, read.mistakes, refusedWith(refuse("PARAMS_INVALID")));
      const registered = await upstreams.register(c.get("operator"), fields.name, read.entry);
      if (!registered.ok) return formPage(c, fields, mistakesOf(registered), refusedWith(registered));
      return testPage(c, registered.upstream, { tone: "good", text: `${fields.name} is registered.` });
    });

    app.get("/:name", async (c) => {
      const upstream = upstreams.get(c.req.param("name"));
      if (upstream === undefined) return missingPage(c);
      const [at, csrfToken] = [c.get("at"), c.get("csrfToken")];
      const latency = (await latencyOf(at)).get(upstream.name);
      const calls = await lastCalls(activity, upstream.name, at);
      const own = tools().filter((tool) => tool.upstream === upstream.name);
      const parts = { upstream, tools: own, latency, calls, csrfToken, now: at };
      return page(
        c,
        { title: upstream.name, area: AREA },
        <Live assets={c.get("assets")} kind="upstream" url={`/console/upstreams/${upstream.name}`} now={at}>
          <UpstreamPage {...parts} />
        </Live>,
      );
    });

    app.post("/:name/test", (c) => {
      const upstream = upstreams.get(c.req.param("name"));
      return upstream === undefined ? missingPage(c) : testPage(c, upstream);
    });

    app.get("/:name/remove", (c) => {
      const upstream = upstreams.get(c.req.param("name"));
      if (upstream?.source !== "registered") return missingPage(c);
      const content = <RemoveUpstream upstream={upstream} csrfToken={c.get("csrfToken")} />;
      return page(c, { title: `Remove ${upstream.name}?`, area: AREA }, content);
    });

    app.post("/:name/remove", async (c) => {
      const removed = await upstreams.remove(c.get("operator"), c.req.param("name"));
      if (removed.ok) return c.redirect("/console/upstreams?done=removed", 303);
      return removed.code === "UPSTREAM_UNKNOWN"
        ? c.redirect("/console/upstreams?done=gone", 303)
        : page(c, { title: "Not removed", area: AREA, ...refusedWith(removed) }, <BackToList />);
    });

    const testPage = async (c: C, { name }: UpstreamView, notice?: PageFrame["notice"]) => {
      const tested = await upstreams.test(c.get("operator"), name);
      const frame = { title: `Test of ${name}`, area: AREA, ...(notice === undefined ? {} : { notice }) };
      if (!tested.ok) return page(c, { ...frame, ...refusedWith(tested) }, <BackToList />);
      return page(
        c,
        frame,
        <>
          <ConnectionTestResult test={tested.test} />
          <p class="actions">
            <ButtonLink href={`/console/upstreams/${name}`}>See {name}</ButtonLink>
            <ButtonLink href="/console/upstreams">All upstreams</ButtonLink>
          </p>
        </>,
      );
    };

    return app;
  },
};

/** The last calls, and the last rows that stand for many. That somebody registered it, or that it changed its tools, is no call. */
async function lastCalls(activity: ActivityOperations, upstream: string, now: number): Promise<LastCalls> {
  const limit = LAST_ENTRIES;
  const { entries, nextCursor } = await activity.search({ upstream, kind: "opened", limit });
  const counted = await activity.search({ upstream, outcome: CALLS_LEFT_OUT, since: now - DAY_MS, limit });
  const all = [...entries, ...counted.entries].sort((one, other) => one.seq - other.seq);
  return { entries: all.slice(-limit), reachedStart: nextCursor === undefined };
}

/** What somebody has to look after must not stand below what runs well. */
function troubleFirst(upstreams: readonly UpstreamView[]): readonly UpstreamView[] {
  const inTrouble = upstreams.filter(({ status }) => isInTrouble(status));
  return [...inTrouble, ...upstreams.filter((upstream) => !inTrouble.includes(upstream))];
}

const DAY_MS = 24 * 60 * 60_000;
/** Spans in which the last day is counted: short ones, so that it is not nearly two. */
const STEP_MS = 15 * 60_000;
const LAST_ENTRIES = 10;

const AREA = "upstreams";
const LEAD = "The MCP servers behind this gateway, and whether they answer.";

function formPage(
  c: C,
  fields: RegistrationFields,
  mistakes: readonly EntryMistake[],
  frame: Pick<PageFrame, "notice" | "status">,
) {
  const content = <RegisterForm fields={fields} mistakes={mistakes} csrfToken={c.get("csrfToken")} />;
  return page(c, { title: "Register an upstream", area: AREA, lead: FORM_LEAD, ...frame }, content);
}

const FORM_LEAD = "It is kept, encrypted, until somebody removes it here. Clients see its tools as soon as it is up.";

// What is wrong with one field stands there and not above.
function mistakesOf(refusal: Refusal & { readonly mistakes?: readonly EntryMistake[] }): readonly EntryMistake[] {
  if (refusal.mistakes !== undefined) return refusal.mistakes;
  if (refusal.code === "UPSTREAM_EXISTS") return [{ at: "name", message: refusalText(refusal) }];
  return refusal.code === "UPSTREAM_ADDRESS_REFUSED" ? [{ at: "url", message: refusalText(refusal) }] : [];
}

function refusedWith(refusal: Refusal): Required<Pick<PageFrame, "notice" | "status">> {
  const { status } = ERRORS[refusal.code];
  const text = refusal.code === "PARAMS_INVALID" ? "Some of it cannot be taken: see below." : refusalText(refusal);
  // 499 is a word between servers, not for browsers.
  return { notice: { tone: "bad", text }, status: status === 499 ? 500 : status };
}

function BackToList() {
  return (
    <p class="actions">
      <ButtonLink href="/console/upstreams">All upstreams</ButtonLink>
    </p>
  );
}

function noticeOf(c: C): Pick<PageFrame, "notice"> {
  switch (c.req.query("done")) {
    case "removed":
      return { notice: { tone: "good", text: "The upstream was removed." } };
    case "gone":
      return { notice: { tone: "warn", text: "The upstream was gone already." } };
    default:
      return {};
  }
}
