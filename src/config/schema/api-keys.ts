import { z } from "zod";
import { sha256 } from "../../core/digest.ts";
import type { JsonObject } from "../../core/json.ts";
import { isPlainAddress } from "../../core/mailbox.ts";
import { looksLikeToken } from "../../core/token-shape.ts";
import { plainAddress, text } from "./schema-parts.ts";

/** A key of 20 characters that differ as those of random keys do cannot be guessed, nor found by its hash. */
const MIN_KEY_CHARS = 20;
const MIN_DIFFERENT_CHARS = 8;
const MAX_KEY_CHARS = 1_024;

const MAX_METADATA_BYTES = 4_096;
const MAX_METADATA_DEPTH = 4;

/** What a token says of itself: policies, and the checks of policies, take these for that. RFC 7519 §4.1, RFC 8693 §4 */
const TOKENS_OWN: ReadonlySet<string> = new Set("iss sub aud exp nbf iat jti act may_act cnf auth_time".split(" "));

/** Headers that say something else; those that begin with `mcp-`, `sec-`, `proxy-` or `x-forwarded-`, too. RFC 9110, MCP */
const TAKEN_HEADERS: ReadonlySet<string> = new Set(
  (
    "accept accept-charset accept-encoding accept-language accept-ranges authorization baggage cache-control connection " +
    "content-encoding content-language content-length content-range content-type cookie date expect forwarded from host " +
    "if-match if-modified-since if-none-match if-range if-unmodified-since keep-alive last-event-id max-forwards origin " +
    "pragma range referer te traceparent tracestate trailer transfer-encoding upgrade user-agent via x-csrf-token x-real-ip " +
    "x-request-id"
  ).split(" "),
);
const TAKEN_PREFIX = /^(?:mcp-|sec-|proxy-|x-forwarded-|access-control-)/;

/** The name of the header for keys, in lower case, as requests have it. */
export const apiKeyHeader = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, {
    error: "Write the name of an HTTP header: letters, digits, hyphens and underscores.",
  })
  .refine((name) => !TAKEN_HEADERS.has(name.toLowerCase()) && !TAKEN_PREFIX.test(name.toLowerCase()), {
    error: "This header says something else. Name one that carries nothing but the key, such as X-API-Key.",
  })
  .transform((name) => name.toLowerCase());

const key = z
  .string()
  .regex(/^[\x21-\x2b\x2d-\x7e]*$/, { error: "A key has no blanks, no commas and only ASCII characters." })
  .max(MAX_KEY_CHARS, { error: `A key has at most ${MAX_KEY_CHARS} characters.` })
  .refine((value) => value.length >= MIN_KEY_CHARS && new Set(value).size >= MIN_DIFFERENT_CHARS, {
    error:
      `A key that can be guessed protects nothing: it needs ${MIN_KEY_CHARS} characters, of which ${MIN_DIFFERENT_CHARS} differ. ` +
      "`portcullis keys create` makes one, and so does `openssl rand -hex 32`.",
  })
  .refine((value) => !looksLikeToken(value), {
    error: "This has the form of a JWT, which is never looked up as a key. Write its issuer into auth.jwt.",
  });

const metadata = z
  .record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/, {
      error: "A name has 1 to 64 characters: letters, digits, _, - and dots, the first a letter or _.",
    }),
    z.json(),
  )
  .superRefine((value: Record<string, unknown>, context) => {
    for (const name of Object.keys(value)) {
      if (!TOKENS_OWN.has(name)) continue;
      const message = `${name} is what a token says of itself. Choose another name.`;
      context.addIssue({ code: "custom", path: [name], message });
    }
    if (depthOf(value) > MAX_METADATA_DEPTH) {
      context.addIssue({ code: "custom", message: `Metadata are at most ${MAX_METADATA_DEPTH} levels deep.` });
    } else if (Buffer.byteLength(JSON.stringify(value)) > MAX_METADATA_BYTES) {
      context.addIssue({ code: "custom", message: "Metadata have at most 4 KB, written as JSON." });
    }
  })
  .transform((value): JsonObject => value);

/** One of `auth.api_keys`. Of a key that stands in the file only the hash is kept. */
export const apiKey = z
  .strictObject({
    name: text.max(64).describe("Names the key in logs, audit and policies (client.id)."),
    hash: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/, {
        error: 'Write the hash as "sha256:" and 64 hex digits. `portcullis keys create` prints a key and its hash.',
      })
      .optional()
      .describe("SHA-256 of the key. The key itself is stored nowhere."),
    key: key
      .optional()
      .describe("The key itself instead of its hash, of whatever make, as a reference. Only its hash is kept."),
    user: text.optional().describe("Whom the key acts for. Without a user it belongs to a machine."),
    kind: z
      .enum(["person", "machine"])
      .optional()
      .describe(
        "In whose hands the key is. person: decides on approvals, administers and signs in to the console, by its roles. " +
          "machine: an agent's, which only calls, for its user if it has one. Default: person with a user, else machine.",
      ),
    email: plainAddress.optional().describe("The user's e-mail address. Default: user, where that is one."),
    roles: z.array(text).default([]).describe("Roles of the user."),
    groups: z.array(text).default([]).describe("Groups of the user."),
    metadata: metadata.optional().describe("What else is known of the key: user.claims in conditions."),
  })
  .superRefine((entry, context) => {
    if ((entry.key === undefined) !== (entry.hash === undefined)) return;
    const message =
      entry.key === undefined ? "Write the key's hash, or the key." : "Write the key or its hash, not both.";
    context.addIssue({ code: "custom", path: entry.key === undefined ? [] : ["key"], message });
  })
  .transform((entry) => ({
    name: entry.name,
    hash: entry.hash ?? `sha256:${sha256(entry.key ?? "")}`,
    user: entry.user,
    kind: entry.kind,
    email: entry.email ?? (entry.user !== undefined && isPlainAddress(entry.user) ? entry.user : undefined),
    roles: entry.roles,
    groups: entry.groups,
    metadata: entry.metadata ?? {},
  }));

/** Levels of objects and lists. Counts no further than it has to. */
function depthOf(value: unknown, level = 0): number {
  if (level > MAX_METADATA_DEPTH || typeof value !== "object" || value === null) return level;
  return Math.max(level + 1, ...Object.values(value).map((item: unknown) => depthOf(item, level + 1)));
}
