import { parseDuration } from "../../core/duration.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { ConfigIssue } from "../file/issues.ts";
import type { YamlPath } from "../file/yaml-source.ts";
import { listOf, objectOf, textOf } from "./raw-values.ts";

/** Warns of deadlines of upstreams and tools that are never reached, since no endpoint waits so long. Takes nothing for granted about shapes. */
export function warnOfDeadlines(config: JsonObject): ConfigIssue[] {
  const everywhere = ms(objectOf(objectOf(config["server"])["timeouts"])["request"]);
  if (everywhere === undefined) return [];
  const endpoints = Object.values(objectOf(config["endpoints"])).map(objectOf);
  return Object.entries(objectOf(config["upstreams"])).flatMap(([name, written]) => {
    const upstream = objectOf(written);
    const shown = endpoints.filter((endpoint) => listOf(endpoint["upstreams"]).includes(name));
    const longest = Math.max(everywhere, ...shown.map((endpoint) => ms(endpoint["timeout"]) ?? everywhere));
    const places: [YamlPath, Json | undefined][] = [[["upstreams", name, "timeout"], upstream["timeout"]]];
    for (const [glob, timeout] of Object.entries(objectOf(objectOf(upstream["tools"])["timeouts"]))) {
      places.push([["upstreams", name, "tools", "timeouts", glob], timeout]);
    }
    return places.flatMap(([path, timeout]): ConfigIssue[] => {
      if ((ms(timeout) ?? 0) <= longest) return [];
      const message = "No endpoint waits so long: server.timeouts.request ends the call before.";
      return [
        { path, at: "value", message, hint: "Raise that, or set timeout at an endpoint that shows this upstream." },
      ];
    });
  });
}

/** Warns of a retry that tries nothing: no tool may run twice, and programs answer with no HTTP status. */
export function warnOfRetries(config: JsonObject): ConfigIssue[] {
  return Object.entries(objectOf(config["upstreams"])).flatMap(([name, written]): ConfigIssue[] => {
    const upstream = objectOf(written);
    const on = listOf(objectOf(upstream["retry"])["on"]);
    const statuses = on.filter((cause) => typeof cause === "number");
    if (statuses.length === 0) return [];
    const path: YamlPath = ["upstreams", name, "retry", "on"];
    if (upstream["command"] !== undefined) {
      const message = "A program answers with no HTTP status.";
      return [{ path, at: "value", message, hint: "Write connect alone." }];
    }
    if (listOf(objectOf(upstream["tools"])["idempotent"]).length > 0) return [];
    const message = `No tool of this upstream goes out again for ${statuses.join(", ")}: a status does not say that a call has not run.`;
    return [{ path, at: "value", message, hint: "Name tools that may run twice in tools.idempotent." }];
  });
}

function ms(value: Json | undefined): number | undefined {
  const text = textOf(value);
  return text === undefined ? undefined : parseDuration(text);
}
