import { z } from "zod";
import { ExactNumber } from "../../core/exact-number.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { JSON_LIMITS } from "../../core/limits.ts";
import { AT_HOME, withIssuer } from "../../core/principal.ts";
import { DECIDED_METHODS, type DecidedMethod, SUBJECT_KINDS, type SubjectKind, USES } from "../../core/subject.ts";
import type { PolicyInput } from "../policy-set.ts";
import { parseTimestamp } from "../syntax/timestamps.ts";

const name = z.string().max(1024);
const names = z.array(name).max(1000);
const time = z.string().refine((text) => parseTimestamp(text) !== undefined, {
  error: 'Write the time as RFC 3339 has it: "2026-01-31T09:00:00Z".',
});
/** JSON whose numbers keep their text: `10.50` and `-0` are no doubles, and calls carry them. */
const value: z.ZodType<Json> = z.any().refine((it) => isJson(it, JSON_LIMITS.maxDepth), "Write JSON.");
const json: z.ZodType<JsonObject> = z.record(z.string(), value);
/** Arguments as an author writes them down. */
export const givenArguments = json;

/** A request as an author writes it down, before it is checked what it is about. */
export const givenCallShape = z.strictObject({
  user: z
    .strictObject({
      id: name.describe("The subject. Without it the e-mail, and without that `user`.").optional(),
      email: name.optional(),
      name: name.optional(),
      roles: names.optional(),
      groups: names.optional(),
      scopes: names.optional(),
      issuer: name.optional(),
      claims: json.describe("All claims of the token.").optional(),
      acr: name.describe("How the user signed in.").optional(),
      amr: names.optional(),
      auth_time: time.describe("When the user signed in, RFC 3339.").meta({ format: "date-time" }).optional(),
    })
    .describe("Who calls.")
    .optional(),
  client: z
    .strictObject({
      id: name.describe("The OAuth client or the API key's name.").optional(),
      name: name.describe("The name that the client gives itself.").optional(),
      version: name.optional(),
      ip: name.describe("127.0.0.1 without it.").optional(),
      user_agent: name.optional(),
    })
    .describe("The program that calls.")
    .optional(),
  tool: z
    .string()
    .max(1024)
    .regex(/^[^/]+\/.+$/s, "Write the tool as upstream/tool, for example expenses/create_expense.")
    .describe("upstream/tool, with the upstream's own tool name.")
    .optional(),
  prompt: z
    .string()
    .max(1024)
    .regex(/^[^/]+\/.+$/s, "Write the prompt as upstream/prompt, for example crm/summary.")
    .describe("upstream/prompt, with the upstream's own prompt name.")
    .optional(),
  resource: z
    .string()
    .max(8192)
    .regex(/^[^/]+\/.+$/s, "Write the resource as upstream/uri, for example docs/file:///hr/handbook.md.")
    .describe("upstream/uri, with the URI as the upstream knows it.")
    .optional(),
  method: z
    .enum(Object.keys(DECIDED_METHODS) as [DecidedMethod, ...DecidedMethod[]])
    .describe("What is asked: to call the tool, get the prompt or read the resource, without it.")
    .optional(),
  args: json.describe("The arguments of the call.").optional(),
  time: time
    .describe("When the call comes, RFC 3339. 2026-01-01T12:00:00Z, a Thursday, without it.")
    .meta({ format: "date-time" })
    .optional(),
  endpoint: name.describe("The endpoint's name, the part after /mcp/. Empty, for /mcp itself, without it.").optional(),
  session: name.describe("The session's handle.").optional(),
  headers: json.describe("Request headers, with lower-case names.").optional(),
});

/** What a written-down request is about. */
export interface GivenSubject {
  readonly kind: SubjectKind;
  /** `upstream/name`, or `upstream/uri`. */
  readonly path: string;
  readonly method: DecidedMethod;
}

/** What a written-down request is about; `undefined` where it names nothing, several things, or asks what cannot be asked of it. */
export function givenSubject(given: Pick<GivenCall, SubjectKind | "method">): GivenSubject | undefined {
  const [kind, ...others] = SUBJECT_KINDS.filter((it) => given[it] !== undefined);
  const path = kind && given[kind];
  if (kind === undefined || path === undefined || others.length > 0) return undefined;
  const method = given.method ?? USES[kind];
  const kinds: readonly SubjectKind[] = DECIDED_METHODS[method];
  return kinds.includes(kind) ? { kind, path, method } : undefined;
}

/** What is wrong with a request of which `givenSubject` makes nothing. */
export const ABOUT_ONE = "A request names one tool, prompt or resource, and a method that is about it.";

/** A request as an author writes it down, to see what policies make of it. Whatever is left out is absent or empty. */
export const givenCallSchema = givenCallShape.refine((given) => givenSubject(given) !== undefined, {
  error: ABOUT_ONE,
});

/** What a tool answered, as an author writes it down. */
export const givenResultSchema = z.strictObject({
  is_error: z.boolean().describe("Whether the tool says that it failed. false without it.").optional(),
  structured: value.describe("The structured content.").optional(),
  text: z.string().max(1_000_000).describe("The text.").optional(),
});

/** What a tool answered, as an author writes it down. */
export type GivenResult = z.infer<typeof givenResultSchema>;

/** A call as an author writes it down. */
export type GivenCall = z.infer<typeof givenCallShape>;

function isJson(value: unknown, levels: number): value is Json {
  if (value === null || value instanceof ExactNumber) return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (Array.isArray(value)) return levels > 0 && value.every((item) => isJson(item, levels - 1));
  if (!isObject(value)) return typeof value === "string" || typeof value === "boolean";
  return levels > 0 && Object.values(value).every((member) => isJson(member, levels - 1));
}

const ANY_DAY = Date.UTC(2026, 0, 1, 12);

/**
 * Completes a written-down request to the input of a decision. `definition` is that of what it is about, as far as it is known.
 * @throws RangeError for one of which `givenSubject` makes nothing
 */
export function inputOfCall(given: GivenCall, definition: JsonObject | undefined): PolicyInput {
  const { user = {}, client = {} } = given;
  const subject = givenSubject(given);
  if (subject === undefined) throw new RangeError(ABOUT_ONE);
  const { kind, path, method } = subject;
  const slash = path.indexOf("/");
  const name = path.slice(slash + 1);
  const named = kind === "resource" ? { uri: name } : { name };
  // Ids are written as conditions see them: those of a further issuer with it before them.
  const [whose, which] = [user.id, client.id].map((id) => (id === undefined ? undefined : withIssuer(id)));
  const further = whose ?? which;
  const clientId = which?.name ?? client.id;
  return {
    principal: {
      issuer: further?.issuer ?? user.issuer ?? "https://idp.example",
      subject: whose?.name ?? user.id ?? user.email ?? "user",
      kind: "person",
      clientId,
      email: user.email,
      name: user.name,
      roles: user.roles ?? [],
      groups: user.groups ?? [],
      scopes: user.scopes ?? [],
      claims: user.claims ?? {},
      acr: user.acr,
      amr: user.amr ?? [],
      authTime: momentOf(user.auth_time),
      ...AT_HOME,
      home: further === undefined,
    },
    client: {
      id: clientId,
      name: client.name ?? "",
      version: client.version ?? "",
      ip: client.ip ?? "127.0.0.1",
      userAgent: client.user_agent ?? "",
    },
    subject: { kind, upstream: path.slice(0, slash), name, definition: { ...definition, ...named } },
    arguments: given.args ?? {},
    request: {
      id: "call_given",
      method,
      time: momentOf(given.time) ?? ANY_DAY,
      session: given.session,
      endpoint: given.endpoint ?? "",
      headers: given.headers ?? {},
    },
  };
}

function momentOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseTimestamp(text)?.getTime();
}
