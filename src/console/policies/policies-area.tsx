import { type Context, Hono } from "hono";
import type { Area, AreaDeps } from "../area.ts";
import { Live } from "../components/live.tsx";
import type { ConsoleEnv } from "../console-env.ts";
import { createTryPages } from "../dry-run/try-pages.tsx";
import { page } from "../layout.tsx";
import { missingPage } from "../plain-pages.tsx";
import { overviewLink } from "../policy-words/links.ts";
import { overviewOf, readOverviewQuery } from "../policy-words/overview.ts";
import { OverviewPage } from "./overview-page.tsx";
import { PolicyPage } from "./policy-page.tsx";

/** The policies that decide, and a place to try calls against them. */
export const policiesArea: Area = {
  path: "policies",
  title: "Policies",
  admin: true,
  trouble: ({ operations }) => {
    const { length: count } = operations.policies.mistakes();
    if (count === 0) return undefined;
    const banner =
      "The policy files have mistakes: what they say now is not in force, and the policies of before decide.";
    return { count, what: count === 1 ? "mistake in the files" : "mistakes in the files", banner };
  },
  create: createPolicies,
};

function createPolicies({ operations }: AreaDeps): Hono<ConsoleEnv> {
  const { policies } = operations;
  const app = new Hono<ConsoleEnv>();

  app.get("/", async (c) => {
    const state = await policies.state();
    const query = readOverviewQuery((name) => c.req.query(name));
    const overview = overviewOf(state.policies, query);
    return page(
      c,
      { title: "Policies", area: "policies", lead: "What decides over every request, as the files say it." },
      <Live assets={c.get("assets")} kind="policies" url={overviewLink(query)} now={c.get("at")}>
        <OverviewPage state={state} query={query} overview={overview} now={c.get("at")} />
      </Live>,
    );
  });

  app.route("/try", createTryPages(policies));

  const one = async (c: Context<ConsoleEnv>): Promise<Response> => {
    const detail = await policies.detail(c.req.param("id") ?? "");
    if (detail === undefined) return missingPage(c);
    const { id, description } = detail.policy;
    const lead = description === undefined ? {} : { lead: description };
    return page(c, { title: id, area: "policies", ...lead }, <PolicyPage detail={detail} />);
  };
  // An id with its level has a slash.
  app.get("/id/:id{.+}", one);
  app.get("/:id{.+}", one);
  return app;
}
