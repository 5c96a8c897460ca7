import type { Json, JsonObject } from "../../core/json.ts";
import type { ConfigIssue } from "../file/issues.ts";
import type { YamlPath } from "../file/yaml-source.ts";
import { isLoopbackHost, parseUrl } from "../schema/schema-parts.ts";
import { objectOf, textOf } from "./raw-values.ts";

/** Where one kind of decision points or guards is asked: by a URL, by host and port, or by either. */
const PLACES: readonly {
  readonly section: string;
  readonly kind: string;
  readonly url?: string;
  readonly grpc?: string;
}[] = [
  { section: "decision_points", kind: "authzen", url: "url" },
  { section: "decision_points", kind: "opa", url: "url" },
  { section: "decision_points", kind: "ext_authz", url: "http", grpc: "grpc" },
  { section: "guards", kind: "webhook", url: "url" },
  { section: "guards", kind: "ext_mcp", grpc: "grpc" },
];

/** Warns of decision points and guards on other machines that are asked unencrypted: whoever is on the way can answer. */
export function warnOfPlainConnections(config: JsonObject): readonly ConfigIssue[] {
  return PLACES.flatMap(({ section, kind, url, grpc }) =>
    Object.entries(objectOf(config[section])).flatMap(([name, entry]) => {
      const options = objectOf(objectOf(entry)[kind]);
      const path = [section, name, kind];
      return [
        ...(url !== undefined && isPlainUrl(options[url]) ? [warning([...path, url], "Write https:// there")] : []),
        ...(grpc !== undefined && options["tls"] !== true && isElsewhere(options[grpc])
          ? [warning([...path, grpc], "Write tls: true")]
          : []),
      ];
    }),
  );
}

function warning(path: YamlPath, remedy: string): ConfigIssue {
  const message = "Questions travel unencrypted to this machine, and whoever is on the way can read and answer them.";
  return { path, at: "key", message, hint: `${remedy} outside a network that you trust.` };
}

function isPlainUrl(value: Json | undefined): boolean {
  const url = parseUrl(textOf(value) ?? "");
  return url?.protocol === "http:" && !isLoopbackHost(url.hostname);
}

function isElsewhere(value: Json | undefined): boolean {
  const target = textOf(value);
  return target !== undefined && !isLoopbackHost(target.slice(0, target.lastIndexOf(":")));
}
