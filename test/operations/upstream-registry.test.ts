import { join } from "node:path";
import { expect, it } from "vitest";
import { createSeal } from "../../src/core/seal.ts";
import { openUpstreamRegistry } from "../../src/operations/upstreams/upstream-registry.ts";
import { keepingLog, openTestStore, temporaryDir } from "../support/audit.ts";
import { SECRET } from "../support/audit-key.ts";
import { anotherValue, columnsOf, forge } from "../support/forging.ts";

/* Somebody has the database and not the gateway's secret: whichever column of a registered upstream they change, it does not run. */

it("has no upstream run of which any column was changed", async () => {
  const path = join(temporaryDir(), "portcullis.db");
  const store = openTestStore(path).registeredUpstreams;
  const log = keepingLog();
  const registration = { addresses: [], commands: false };
  const config = { upstreams: [], endpoints: [], registration };
  const open = async () => {
    const seal = createSeal(SECRET, "registered-upstreams");
    const registry = await openUpstreamRegistry({ store, seal, config, apply() {}, log, pollMs: 3_600_000 });
    await registry.close();
    return registry;
  };
  const registry = await open();
  const by = { issuer: "https://idp.example", subject: "root\ud800", email: "root@acme.com", at: 1_000 };
  const columns = columnsOf(path, "registered_upstreams");
  const nameOf = (column: string) => `u${columns.indexOf(column)}`;
  for (const name of ["same", ...columns.map(nameOf)]) {
    await registry.add(name, { url: `https://${name}.example/mcp` }, by);
  }
  for (const column of columns) {
    forge(path, `UPDATE registered_upstreams SET ${column} = ${anotherValue(column)} WHERE name = '${nameOf(column)}'`);
  }
  expect((await open()).entries().map(({ upstream }) => upstream.name)).toEqual(["same"]);
  expect(log.lines.filter(({ level }) => level === "error")).toHaveLength(columns.length);
});
