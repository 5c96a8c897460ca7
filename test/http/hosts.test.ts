import { expect, it } from "vitest";
import { createHostPolicy } from "../../src/http/hosts.ts";
import { recordingLog } from "../support/recording-log.ts";

function policy() {
  const log = recordingLog();
  const listen = () => ({ host: "127.0.0.1", port: 8080 });
  const options = { publicUrl: "https://mcp.acme.com", listen, allowedHosts: [], allowedOrigins: [] };
  return { log, hosts: createHostPolicy(options, log) };
}

it("logs a host that is not served once, with the setting that would serve it", () => {
  const { log, hosts } = policy();
  for (const name of ["gateway.acme.com", "Gateway.acme.com", "mcp.acme.com"]) hosts.check(name, undefined);
  expect(log.lines.map(({ level, fields }) => [level, fields["host"]])).toEqual([["info", "gateway.acme.com"]]);
  expect(log.lines[0]?.message).toContain("server.allowed_hosts");
});

it("logs a bounded number of them, however many strangers name", () => {
  const { log, hosts } = policy();
  for (let n = 0; n < 1_000; n++) expect(hosts.check(`h${n}.example`, undefined)?.code).toBe("HOST_NOT_ALLOWED");
  expect(log.lines.length).toBeLessThan(50);
});
