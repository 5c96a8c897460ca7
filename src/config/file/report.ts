import { type ConfigDiagnostic, dotted } from "../config-diagnostic.ts";
import { excerptAt, excerptOfBroken } from "./excerpt.ts";
import type { ConfigIssue } from "./issues.ts";
import { pathKey, type SourceProblem, type YamlPath, type YamlSource } from "./yaml-source.ts";

/** Places a finding in its file. */
export function toError(file: string, source: YamlSource, finding: ConfigIssue): ConfigDiagnostic {
  const exact = source.places.get(pathKey(finding.path));
  const place = exact ?? nearest(source, finding.path);
  const span = finding.at === "key" || exact === undefined ? (place?.key ?? place?.value) : place?.value;
  const { message, hint } = finding;
  // Nothing of the path is in the file: the file as a whole is meant.
  if (place === undefined || span === undefined || place.path.length === 0) {
    return { file, line: 0, column: 0, key: dotted(finding.path), message, hint, excerpt: undefined };
  }
  const { line, column } = source.position(span.start);
  const excerpt = excerptAt(source, span.start, finding.at === "value" ? exact : undefined);
  return { file, line, column, key: dotted(finding.path), message, hint, excerpt };
}

/** Places a mistake in the text itself. */
export function toBroken(file: string, source: YamlSource, problem: SourceProblem): ConfigDiagnostic {
  const offset = problem.offset ?? source.places.get(pathKey(problem.path))?.value.start ?? 0;
  const { line, column } = source.position(offset);
  const { message, hint } = problem;
  return { file, line, column, key: dotted(problem.path), message, hint, excerpt: excerptOfBroken(source, offset) };
}

function nearest(source: YamlSource, path: YamlPath) {
  for (let length = path.length - 1; length >= 0; length--) {
    const place = source.places.get(pathKey(path.slice(0, length)));
    if (place !== undefined) return place;
  }
  return undefined;
}
