import type { ApiCases } from "./api-cases.ts";
import { type ApiGateway, get, post, remove } from "./api-gateway.ts";
import { people } from "./approval-people.ts";
import { postForm } from "./console.ts";
import { initialize } from "./raw-mcp.ts";

/** Cases of upstreams, their tools, and who is connected to them. */
export function upstreamCases(api: ApiGateway): ApiCases {
  const { sessions } = api.gateway.running.operations;
  let count = 0;
  const entry = () => {
    count += 1;
    return { name: `added-${count}`, url: api.upstreamUrl, headers: { Authorization: "Bearer secret-of-an-upstream" } };
  };
  return {
    listUpstreams: {
      ...{ who: "root", status: 200, badStatus: 400 },
      good: () => get("/upstreams"),
      bad: () => get("/upstreams?state=down"),
    },
    registerUpstream: {
      ...{ who: "root", status: 201, badStatus: 400 },
      good: () => post("/upstreams", entry()),
      bad: () => post("/upstreams", { ...entry(), timeuot: "5s" }),
    },
    getUpstream: {
      ...{ who: "root", status: 200, badStatus: 404 },
      good: () => get("/upstreams/modern"),
      bad: () => get("/upstreams/no-such"),
    },
    removeUpstream: {
      ...{ who: "root", status: 204, badStatus: 409 },
      async good() {
        const added = entry();
        await api.as("root", post("/upstreams", added));
        return remove(`/upstreams/${added.name}`);
      },
      bad: () => remove("/upstreams/modern"),
    },
    testUpstream: {
      ...{ who: "root", status: 200, badStatus: 404 },
      good: () => post("/upstreams/modern/test", {}),
      bad: () => post("/upstreams/no-such/test", {}),
    },
    listTools: {
      ...{ who: "root", status: 200, badStatus: 400 },
      good: () => get("/tools?upstream=modern&name=E&limit=2"),
      bad: () => get("/tools?limit=many"),
    },
    listConsoleSessions: {
      ...{ who: "root", status: 200, badStatus: 400 },
      async good() {
        await signsIn(api);
        return get("/console-sessions?limit=1");
      },
      bad: () => get("/console-sessions?limit=1000"),
    },
    endConsoleSession: {
      ...{ who: "root", status: 204, badStatus: 404 },
      async good() {
        await signsIn(api);
        const [session] = (await api.gateway.running.operations.signedIn.list({ limit: 1 })).items;
        return remove(`/console-sessions/${session?.id ?? "none"}`);
      },
      bad: () => remove("/console-sessions/no-such"),
    },
    listSessions: {
      ...{ who: "root", status: 200, badStatus: 400 },
      async good() {
        await initialize(api.port, { user: people.key("ann") });
        return get("/sessions?limit=1");
      },
      bad: () => get("/sessions?limit=1000"),
    },
    endSession: {
      ...{ who: "root", status: 204, badStatus: 404 },
      async good() {
        await initialize(api.port, { user: people.key("ann") });
        const [session] = (await sessions.list({ limit: 1 })).items;
        return remove(`/sessions/${session?.id ?? "none"}`);
      },
      bad: () => remove("/sessions/no-such"),
    },
  };
}

/** Ann signs in to the console. */
async function signsIn({ gateway: { url } }: ApiGateway): Promise<void> {
  await postForm({ url }, "/console/sign-in", { key: people.key("ann") });
}
