import type { ApiCases } from "./api-cases.ts";
import { type ApiGateway, get } from "./api-gateway.ts";

/** Cases of the record and of figures over it. */
export function activityCases(api: ApiGateway): ApiCases {
  const { activity } = api.gateway.running.operations;
  return {
    listAudit: {
      ...{ who: "root", status: 200, badStatus: 400 },
      async good() {
        await api.echo("ann", "hello");
        return get("/audit?user=ann&tool=modern/echo&decision=allow&limit=5&since=2026-01-01T00:00:00%2B01:00");
      },
      bad: () => get("/audit?since=yesterday"),
    },
    exportAudit: {
      ...{ who: "root", status: 200, badStatus: 400 },
      async good() {
        await api.echo("ann", "hello");
        return get("/audit/export?format=csv&user=ann");
      },
      bad: () => get("/audit/export?format=xml"),
    },
    getStory: {
      ...{ who: "root", status: 200, badStatus: 404 },
      async good() {
        await api.echo("ann", "hello");
        const [entry] = (await activity.search({ tool: "echo", limit: 1 })).entries;
        return get(`/audit/${entry?.callId ?? "none"}`);
      },
      bad: () => get("/audit/no-such"),
    },
    getActivity: {
      ...{ who: "root", status: 200, badStatus: 400 },
      async good() {
        await api.echo("ann", "hello");
        return get("/activity?step_seconds=600");
      },
      bad: () => get("/activity?since=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z"),
    },
  };
}
