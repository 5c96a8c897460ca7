import { type Context, Hono } from "hono";
import { ERRORS, refusalText } from "../../core/errors.ts";
import type { PolicyDryRun, PolicyOperations, ToolPath } from "../../operations/policies/policies.ts";
import type { ConsoleEnv } from "../console-env.ts";
import { type PageFrame, page } from "../layout.tsx";
import { argumentFields } from "./argument-fields.ts";
import { CallForm } from "./call-form.tsx";
import { DryRunResult } from "./dry-run-result.tsx";
import { type FormValues, readFormArguments } from "./read-arguments.ts";
import { type CallValues, readCallValues, readFormCall, withChosen } from "./read-call.ts";

const EMPTY: FormValues = { text: () => "" };

const NO_CALLER = "The configuration names nobody like this now. Choose somebody else, or write who calls below.";

interface Shown {
  readonly tool: string;
  readonly values: CallValues;
  readonly args: FormValues;
  readonly errors?: ReadonlyMap<string, string>;
  readonly dryRun?: PolicyDryRun;
  readonly notice?: NonNullable<PageFrame["notice"]>;
  readonly status?: NonNullable<PageFrame["status"]>;
}

/**
 * `GET` the form, with `?tool=` for its arguments; `POST` it to have the call decided. What was written comes back with
 * the answer, and stands in no address and no log.
 */
export function createTryPages(policies: PolicyOperations): Hono<ConsoleEnv> {
  const app = new Hono<ConsoleEnv>();

  const show = (c: Context<ConsoleEnv>, shown: Shown): Response | Promise<Response> => {
    const { tool, values, args, errors = new Map(), dryRun, ...frame } = shown;
    const definition = policies.definition(pathOf(tool));
    const description = definition?.["description"];
    const title = dryRun === undefined ? "Try a call" : "What would happen";
    return page(
      c,
      {
        title,
        area: "policies",
        lead: "Decided as a real call would be. Nothing is sent, counted or recorded.",
        ...frame,
      },
      <>
        {dryRun === undefined ? null : <DryRunResult dryRun={dryRun} />}
        <CallForm
          csrfToken={c.get("csrfToken")}
          tools={policies.tools()}
          callers={policies.callers()}
          tool={definition === undefined ? "" : tool}
          description={typeof description === "string" ? description : undefined}
          fields={argumentFields(definition?.["inputSchema"])}
          {...{ values, args, errors }}
        />
      </>,
    );
  };

  const refused = (tool: string, values: CallValues, form: FormValues, errors: ReadonlyMap<string, string>): Shown => ({
    ...{ tool, values, args: form, errors, status: 400 },
    notice: { tone: "bad", text: "Some of this cannot be read. It is marked below; nothing was decided." },
  });

  app.get("/", (c) => {
    const tool = c.req.query("tool") ?? "";
    const unknown = tool !== "" && policies.definition(pathOf(tool)) === undefined;
    const notice = { tone: "warn" as const, text: "No upstream lists this tool now. Choose another one." };
    return show(c, { tool, values: readCallValues(EMPTY), args: EMPTY, ...(unknown && { notice }) });
  });

  app.post("/", async (c) => {
    const form = c.get("form");
    const tool = form.text("tool");
    const definition = policies.definition(pathOf(tool));
    const written = readCallValues(form);
    const chosen = withChosen(written, form, policies.callers());
    const values = chosen ?? written;
    if (definition === undefined)
      return show(c, refused(tool, values, form, new Map([["tool", "Choose one that is listed."]])));
    if (chosen === undefined) return show(c, refused(tool, values, form, new Map([["as", NO_CALLER]])));
    if (form.text("do") !== "decide") return show(c, { tool, values, args: form });
    // Of another tool's arguments it would decide on those that happen to have the same names.
    if (form.text("shown") !== tool) {
      const text = "The tool was changed: these are its arguments. Nothing was decided yet.";
      return show(c, { tool, values, args: form, notice: { tone: "warn", text } });
    }
    const read = readFormArguments(argumentFields(definition["inputSchema"]), form);
    const call = readFormCall(tool, values, read.ok ? read.args : {});
    if (!read.ok || !call.ok) {
      return show(
        c,
        refused(tool, values, form, new Map([...(read.ok ? [] : read.errors), ...(call.ok ? [] : call.errors)])),
      );
    }
    const dryRun = await policies.evaluate(c.get("operator"), call.call);
    if (dryRun.ok) return show(c, { tool, values, args: form, dryRun });
    const notice = { tone: "bad" as const, text: refusalText(dryRun) };
    const status = ERRORS[dryRun.code].status === 403 ? 403 : 400;
    return show(c, { tool, values, args: form, notice, status });
  });
  return app;
}

function pathOf(text: string): ToolPath {
  const slash = text.indexOf("/");
  return { upstream: text.slice(0, Math.max(0, slash)), tool: text.slice(slash + 1) };
}
