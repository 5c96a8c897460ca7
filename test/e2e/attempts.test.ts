import { expect, it } from "vitest";
import { startApiGateway } from "../support/api-gateway.ts";
import { postForm } from "../support/console.ts";
import { modern, send } from "../support/raw-mcp.ts";

const WRONG = "pk_aaaaaaaaaaaaaaaaaaaa";

it("counts a credential in one place, wherever it is tried", async () => {
  const api = await startApiGateway();
  const headers = { Authorization: `Bearer ${WRONG}` };
  const asked = (path: string) => send(api.port, { method: "GET", path, headers });
  const places = {
    mcp: () => send(api.port, { ...modern("tools/list"), headers: { ...modern("tools/list").headers, ...headers } }),
    stream: () => asked("/mcp/modern"),
    api: () => asked("/api/v1/approvals"),
    form: async () => {
      const answer = await postForm(api.gateway, "/console/sign-in", { key: WRONG });
      return { status: answer.status, headers: Object.fromEntries(answer.headers) };
    },
  };
  try {
    for (const [place, tries] of Object.entries({ mcp: 3, stream: 2, api: 3, form: 2 })) {
      for (const [name, attempt] of Object.entries(places)) {
        if (name !== place) continue;
        for (let i = 0; i < tries; i++) expect([name, (await attempt()).status]).toEqual([name, 401]);
      }
    }
    for (const [name, attempt] of Object.entries(places)) {
      const { status, headers } = await attempt();
      expect([name, status, Number(headers["retry-after"]) > 0]).toEqual([name, 429, true]);
    }
    // Somebody else's from the same address.
    expect((await api.as("ann", modern("tools/list"))).status).toBe(200);
    const lines = api.gateway.logged.filter((line) => line.includes('"info"') && line.includes("127.0.0.1"));
    expect(lines.filter((line) => line.includes("refused"))).toHaveLength(2);
    expect(api.gateway.logged.join("\n")).not.toContain(WRONG);
  } finally {
    await api.close();
  }
});
