import { digestOf } from "../core/digest.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { PolicyInput } from "./policy-set.ts";
import { NotRecorded, NotRecordedError, type OnLoss, withLosses } from "./recorded-values.ts";

/** A call as the audit has it. What is not on record is `undefined`. */
export interface RecordedCall {
  readonly callId: string;
  /** ms since the epoch. */
  readonly at: number;
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | undefined;
  readonly clientId: string | undefined;
  /** `name/version`. */
  readonly client: string;
  readonly ip: string;
  readonly endpoint: string;
  readonly session: string | undefined;
  readonly upstream: string;
  /** Original name. */
  readonly tool: string;
  readonly definition: JsonObject | undefined;
  /** What a condition sees of the caller besides: the audit's column `facts`. */
  readonly facts: JsonObject | undefined;
  /** SHA-256 of the canonical JSON of the arguments. */
  readonly argumentsDigest: string;
  /** The arguments, whole or as the audit redacted them: their digest tells which. */
  readonly arguments: JsonObject | undefined;
  readonly claims: JsonObject | undefined;
  readonly headers: JsonObject | undefined;
  /** The effect that was recorded. */
  readonly effect: string;
  /** The policies that counted then, in file order. */
  readonly matched: readonly { readonly policy: string; readonly effect: string }[];
}

/**
 * The input of the decision that was made about a recorded call. Whatever is not on record throws when it is read: inside
 * a condition that is a failed evaluation, in a target it comes out of `decide`. `onLoss` hears of each such reading.
 * @throws never
 */
export function recordedInput(record: RecordedCall, onLoss: OnLoss): PolicyInput {
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
  const [name, version] = readClient(record.client);
  const ip = whole(record.ip);

  return {
    principal: {
      issuer: record.issuer,
      subject: record.subject,
      // No condition sees it.
      kind: "person",
      clientId: record.clientId,
      email: record.email,
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
    tool: {
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

function readArguments({ arguments: given, argumentsDigest }: RecordedCall, onLoss: OnLoss): JsonObject {
  if (given === undefined) return new NotRecorded("args", onLoss);
  return digestOf(given) === argumentsDigest ? given : withLosses(given, "args", onLoss);
}

// Who has no token has no claims.
function knownClaims(issuer: string): JsonObject | undefined {
  return issuer.startsWith("portcullis:") ? {} : undefined;
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

function whole(text: string): string | Lost {
  return text.length > MAX_CLIENT_TEXT ? LOST : text;
}

// A name can have a slash in it, and so can a version: with two of them nobody knows where the name ended.
function readClient(client: string): readonly [string | Lost, string | Lost] {
  const [name, version, ...more] = client.split("/");
  if (name === undefined || version === undefined || more.length > 0) return [LOST, LOST];
  return [whole(name), whole(version)];
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
