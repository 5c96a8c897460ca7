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

function ms(value: Json | undefined): number | undefined {
  const text = textOf(value);
  return text === undefined ? undefined : parseDuration(text);
}
