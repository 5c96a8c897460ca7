import { z } from "zod";
import { headers, httpUrl } from "./schema-parts.ts";
import { duration, size } from "./units.ts";

/** What the gateway writes itself, or what frames a message. */
const OWN =
  /^(?:connection|content-encoding|content-length|content-type|host|keep-alive|te|trailer|transfer-encoding|upgrade)$/i;

/** What is said of every decision point. */
export const pointParts = {
  headers: headers
    .refine((value) => !Object.keys(value).some((name) => OWN.test(name)), {
      error: "Content-Type, Host and what frames a message the gateway writes itself.",
    })
    .default({})
    .describe("Headers to send along, such as the gateway's credential there."),
  timeout: duration({ min: "10ms", max: "30s" })
    .prefault("1s")
    .describe("Deadline of a question, the wait for a turn and for a connection included."),
  max_bytes: size({ min: "1KB", max: "8MB" })
    .prefault("1MB")
    .describe("The longest question. A request that makes a longer one counts as an error of the point."),
};

const baseUrl = httpUrl.refine((value) => !value.includes("?"), { error: "Write the URL without a query." });

const opaPath = z
  .string()
  .regex(/^(?!v1\/data(?:\/|$))[A-Za-z0-9_.~%-]+(?:\/[A-Za-z0-9_.~%-]+)*$/, {
    error: "Write the path of a document below /v1/data, without a slash at its ends: mcp/allow.",
  })
  .refine((value) => !value.split("/").some((step) => step === "." || step === ".."), {
    error: "Write the path without . and ..",
  });

const opa = z
  .strictObject({
    url: baseUrl.describe("The server: POST <url>/v1/data/<path>."),
    path: opaPath.describe("The document that decides: mcp/allow. true or false, or an object with allow and reason."),
    ...pointParts,
  })
  .transform(({ url, path, ...rest }) => ({ url, path, ...pointOf(rest) }));

/** One entry of `decision_points:`; exactly one of its keys. */
export const decisionPointSchema = z
  .strictObject({ opa: opa.optional().describe("Open Policy Agent.") })
  .refine((value) => Object.keys(value).length === 1, { error: "Write opa." })
  .transform((value) => ({ opa: value.opa }));

function pointOf(given: {
  readonly headers: Readonly<Record<string, string>>;
  readonly timeout: number;
  readonly max_bytes: number;
}) {
  return { headers: given.headers, timeoutMs: given.timeout, maxBytes: given.max_bytes };
}
