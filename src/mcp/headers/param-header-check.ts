import { type Refusal, refuse } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { decodeHeaderValue } from "./header-value.ts";
import { type ParamHeader, paramHeaderText } from "./param-headers.ts";

/**
 * Whether the `Mcp-Param-*` headers of a `tools/call` say what its arguments say. Names the header that differs, never a
 * value. 2026-07-28 transports/streamable-http, "Server Behavior for Custom Headers". @throws never
 */
export function checkParamHeaders(
  rules: readonly ParamHeader[],
  args: JsonObject,
  header: (name: string) => string | undefined,
): Refusal | undefined {
  for (const rule of rules) {
    const sent = header(rule.header);
    const wanted = paramHeaderText(rule, args);
    if (sent === undefined) {
      if (wanted === undefined) continue;
      return refuse(
        "HEADER_MISMATCH",
        `${rule.header} is missing. List the tools again to see which headers it needs.`,
      );
    }
    const decoded = decodeHeaderValue(sent.trim());
    if (decoded === undefined) {
      return refuse("HEADER_MISMATCH", `${rule.header} has invalid characters or is not valid base64.`);
    }
    // A header without its argument is a mismatch too: something on the way may have acted on it.
    if (wanted === undefined || !same(rule, decoded, wanted)) {
      return refuse("HEADER_MISMATCH", `${rule.header} differs from the argument that it mirrors.`);
    }
  }
  return undefined;
}

const NUMBER = /^-?\d{1,400}(?:\.\d{1,400})?(?:[eE][+-]?\d{1,4})?$/;

// Integers compare as numbers: "42.0", "4.2e1" and 42 are equal. An empty text is no number, although Number("") is 0.
function same(rule: ParamHeader, sent: string, wanted: string): boolean {
  if (sent === wanted) return true;
  if (rule.type !== "integer" || !NUMBER.test(sent)) return false;
  return Number(sent) === Number(wanted);
}
