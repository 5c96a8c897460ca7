import type { Json, JsonObject } from "../../core/json.ts";
import { ANONYMOUS_ISSUER, AT_HOME, LOCAL_ISSUER } from "../../core/principal.ts";
import { NotRecorded, NotRecordedError, type OnLoss, withLosses } from "../inputs/recorded-values.ts";
import type { PolicyInput } from "../policy-set.ts";

/** A call as the audit has it. What is not on record is `undefined`. */
export interface RecordedCall {
  readonly callId: string;
  /** ms since the epoch. */
  readonly at: number;
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | undefined;
  readonly clientId: string | undefined;
  /** What the client may have said of itself: see `clientNames`. */
  readonly clients: readonly [RecordedClient, ...RecordedClient[]];
  readonly ip: string;
  readonly endpoint: string;
  readonly session: string | undefined;
  readonly upstream: string;
  /** Original name. */
  readonly tool: string;
  readonly definition: JsonObject | undefined;
  /** What a condition sees of the caller besides: the audit's column `facts`. */
  readonly facts: JsonObject | undefined;
  readonly arguments: JsonObject | undefined;
  /** Whether these are all of them, unchanged; otherwise they are as the audit redacted them, for all that is known. */
  readonly argumentsWhole: boolean;
  /** They are not written again: people have approved them, or they are what policies wrote, and what came is not on record. */
  readonly argumentsStand?: boolean;
  readonly claims: JsonObject | undefined;
  readonly headers: JsonObject | undefined;
  /** Whether the gateway refused it for its arguments alone. */
  readonly argumentsRefused: boolean;
  /** The effect that was recorded. */
  readonly effect: string;
  /** The policies that counted then, in file order. */
  readonly matched: readonly { readonly policy: string; readonly effect: string }[];
}

/** The name and the version of a client; `undefined`: not on record. */
export interface RecordedClient {
  readonly name: string | undefined;
  readonly version: string | undefined;
}

/** More names are not tried: one call must not cost what hundreds do. */
const MAX_NAMES = 8;

/** What a client may have said, given `name/version`: with more slashes than one nobody knows where the name ended. */
export function clientNames(text: string): readonly [RecordedClient, ...RecordedClient[]] {
  const first = text.indexOf("/");
  if (first < 0) return [{ name: undefined, version: undefined }];
  const names: [RecordedClient, ...RecordedClient[]] = [splitAt(text, first)];
  for (let at = text.indexOf("/", first + 1); at >= 0; at = text.indexOf("/", at + 1)) names.push(splitAt(text, at));
  return names.length > MAX_NAMES ? [{ name: undefined, version: undefined }] : names;
}

function splitAt(text: string, at: number): RecordedClient {
  return { name: whole(text.slice(0, at)), version: whole(text.slice(at + 1)) };
}

/**
 * The input of the decision that was made about a recorded call by this client. Whatever is not on record throws when it
 * is read: inside a condition that is a failed evaluation, in a target it comes out of `decide`. `onLoss` hears of each
 * such reading. @throws never
 */
export function recordedInput(record: RecordedCall, client: RecordedClient, onLoss: OnLoss): PolicyInput {
  const facts = readFacts(record.facts);
  const lost = (name: string): NotRecordedError => {
    // A row of before the facts were recorded lacks them all.
    const path = record.facts === undefined ? name.replace(/^user\..*/, "user") : name;
    onLoss(path);
    return new NotRecordedError(path);
  };
  const known = <T>(path: string, value: T | Lost): T => {
    if (isLost(value)) throw lost(path);
    return value;
  };
  const name = client.name ?? LOST;
  const version = client.version ?? LOST;
  const ip = whole(record.ip) ?? LOST;

  return {
    principal: {
      issuer: record.issuer,
      subject: record.subject,
      // No condition sees it.
      kind: "person",
      clientId: record.clientId,
      email: record.email,
      // A row of before this was recorded counts as one of the first issuer. The claims are those that policies saw.
      ...AT_HOME,
      home: record.facts?.["home"] !== false,
      claims: record.claims ?? knownClaims(record.issuer) ?? new NotRecorded("user.claims", onLoss),
      get name() {
        return known("user.name", facts.text("name"));
      },
      get roles() {
        return known("user.roles", facts.texts("roles"));
      },
      get groups() {
        return known("user.groups", facts.texts("groups"));
      },
      get scopes() {
        return known("user.scopes", facts.texts("scopes"));
      },
      get acr() {
        return known("user.acr", facts.text("acr"));
      },
      get amr() {
        return known("user.amr", facts.texts("amr"));
      },
      get authTime() {
        return known("user.auth_time", facts.moment("auth_time"));
      },
    },
    client: {
      id: record.clientId,
      get name() {
        return known("client.name", name);
      },
      get version() {
        return known("client.version", version);
      },
      get ip() {
        return known("client.ip", ip);
      },
      get userAgent() {
        return known("client.user_agent", facts.text("user_agent")) ?? "";
      },
    },
    subject: {
      kind: "tool",
      name: record.tool,
      upstream: record.upstream,
      definition: record.definition ?? lostDefinition(lost),
    },
    arguments: readArguments(record, onLoss),
    request: {
      id: record.callId,
      method: "tools/call",
      time: record.at,
      session: record.session,
      endpoint: record.endpoint,
      headers: record.headers ?? new NotRecorded("request.headers", onLoss),
    },
  };
}

const LOST: unique symbol = Symbol("lost");
type Lost = typeof LOST;

function isLost<T>(value: T | Lost): value is Lost {
  return value === LOST;
}

function readArguments({ arguments: given, argumentsWhole }: RecordedCall, onLoss: OnLoss): JsonObject {
  if (given === undefined) return new NotRecorded("args", onLoss);
  return argumentsWhole ? given : withLosses(given, "args", onLoss);
}

// Who has neither token nor key has no claims.
function knownClaims(issuer: string): JsonObject | undefined {
  return issuer === ANONYMOUS_ISSUER || issuer === LOCAL_ISSUER ? {} : undefined;
}

// A target by annotations and the types of arguments depend on it: without it nothing about the tool is certain.
function lostDefinition(lost: (path: string) => NotRecordedError): JsonObject {
  const path = "the tool's definition";
  return {
    get title(): Json {
      throw lost(path);
    },
    get annotations(): Json {
      throw lost(path);
    },
    get inputSchema(): Json {
      throw lost(path);
    },
    get _meta(): Json {
      throw lost(path);
    },
  };
}

/** The audit cuts what a client says of itself to so many characters and adds a sign. */
const MAX_CLIENT_TEXT = 128;
/** Of a list the audit keeps so many. */
const MAX_FACT_ITEMS = 200;
/** Where the audit cut or hid something of the facts, which then say `cut`. */
const FACT_MARK = /\[redacted\]|…/;

function whole(text: string): string | undefined {
  return text.length > MAX_CLIENT_TEXT ? undefined : text;
}

/** The facts of a call, each as it was, absent, or lost. */
interface FactReader {
  text(name: string): string | undefined | Lost;
  texts(name: string): readonly string[] | Lost;
  moment(name: string): number | undefined | Lost;
}

function readFacts(facts: JsonObject | undefined): FactReader {
  const cut = facts?.["cut"] === true;
  const isWhole = (text: string): boolean => !cut || !FACT_MARK.test(text);
  return {
    text(name) {
      const value = facts?.[name];
      if (facts === undefined) return LOST;
      return value === undefined || (typeof value === "string" && isWhole(value)) ? value : LOST;
    },
    texts(name) {
      const value: Json = facts?.[name] ?? [];
      if (facts === undefined || !Array.isArray(value)) return LOST;
      if (cut && value.length >= MAX_FACT_ITEMS) return LOST;
      const items = value.filter((item: Json) => typeof item === "string" && isWhole(item));
      return items.length === value.length ? items : LOST;
    },
    moment(name) {
      const value = facts?.[name];
      return facts !== undefined && (value === undefined || typeof value === "number") ? value : LOST;
    },
  };
}
