import { Hono } from "hono";
import { FactList } from "./components/facts.tsx";
import { ForeignText } from "./components/foreign-text.tsx";
import type { ConsoleEnv } from "./console-env.ts";
import { page } from "./layout.tsx";

/** `GET /console/you`: whom the gateway takes the operator for, because policies and approvals go by exactly this. */
export function createYou(): Hono<ConsoleEnv> {
  const app = new Hono<ConsoleEnv>();
  app.get("/console/you", (c) => {
    const { principal, admin } = c.get("operator");
    const list = (items: readonly string[]) => (items.length === 0 ? "none" : <ForeignText text={items.join(", ")} />);
    return page(
      c,
      { title: "You", area: "you", lead: "Whom the gateway takes you for. Policies and approvals go by this." },
      <FactList
        entries={[
          ["Subject", <ForeignText text={principal.subject} />],
          ["Issuer", <ForeignText text={principal.issuer} />],
          ["Name", principal.name === undefined ? undefined : <ForeignText text={principal.name} />],
          ["E-mail", principal.email === undefined ? undefined : <ForeignText text={principal.email} />],
          ["Roles", list(principal.roles)],
          ["Groups", list(principal.groups)],
          ["Administrator", admin ? "yes" : "no"],
        ]}
      />,
    );
  });
  return app;
}
