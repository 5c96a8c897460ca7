import type { ClientFacts } from "../../core/call.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { claimsSeenOf, clientIdOf, emailOf, userIdOf } from "../../core/policy-names.ts";
import type { Principal } from "../../core/principal.ts";
import { fillDefaults } from "../defaults/fill.ts";
import { type ArgumentsPlan, mayHaveDefaults, planDefaults } from "../defaults/plan.ts";
import { SchemaPlace } from "../defaults/schema-places.ts";
import { readSchemaHints, type SchemaHints } from "../inputs/input-schema.ts";
import { bindJson, ROUNDED } from "../inputs/json-values.ts";
import type { PolicyInput, PolicyResult } from "../policy-set.ts";
import { Work } from "../step-budget/work.ts";
import type { ArgumentPath } from "../syntax/argument-paths.ts";

/** `user` of a condition. A field that nobody vouched for is absent: `has(user.email)` is false then. */
export class UserView {
  readonly id: string;
  readonly name: string | undefined;
  /** Absent where there may be others that nobody could read: `x in user.roles` fails then. */
  readonly roles: readonly string[] | undefined;
  readonly groups: readonly string[] | undefined;
  readonly scopes: readonly string[];
  readonly issuer: string;
  readonly acr: string | undefined;
  readonly amr: readonly string[];
  readonly auth_time: Date | undefined;
  readonly #principal: Principal;
  #email: string | undefined;
  #boundClaims: unknown;

  /** `at`: when the call came, ms since the epoch. Nobody signs in after it, whatever the clock of an issuer says. */
  constructor(principal: Principal, at: number) {
    this.id = userIdOf(principal);
    this.name = principal.name;
    this.roles = principal.unread?.includes("roles") === true ? undefined : principal.roles;
    this.groups = principal.unread?.includes("groups") === true ? undefined : principal.groups;
    this.scopes = principal.scopes;
    this.issuer = principal.issuer;
    this.acr = principal.acr;
    this.amr = principal.amr;
    this.auth_time = principal.authTime === undefined ? undefined : new Date(Math.min(principal.authTime, at));
    this.#principal = principal;
  }

  // Only for conditions that ask: reading an address takes longer than all else here.
  get email(): string | undefined {
    this.#email ??= emailOf(this.#principal);
    return this.#email;
  }

  get claims(): unknown {
    this.#boundClaims ??= bindJson(claimsSeenOf(this.#principal), 0, ROUNDED);
    return this.#boundClaims;
  }
}

/** `client` of a condition. */
export class ClientView {
  readonly id: string | undefined;
  readonly name: string;
  readonly version: string;
  readonly ip: string;
  readonly user_agent: string;

  constructor(client: ClientFacts, principal: Principal) {
    this.id = clientIdOf(client, principal);
    this.name = client.name;
    this.version = client.version;
    this.ip = client.ip;
    this.user_agent = client.userAgent;
  }
}

/** `tool` of a condition. Depends on the definition alone and is shared by all calls of the tool. */
export class ToolContextView {
  readonly name: string;
  readonly upstream: string;
  readonly title: string | undefined;
  readonly annotations: unknown;
  readonly meta: unknown;

  constructor(tool: PolicyInput["tool"]) {
    const { title, annotations, _meta } = tool.definition;
    const hints = objectOf(annotations);
    this.name = tool.name;
    this.upstream = tool.upstream;
    this.title = firstText(title, hints["title"]);
    this.annotations = bindJson(hints, 0, undefined);
    this.meta = bindJson(objectOf(_meta), 0, undefined);
  }
}

/** `request` of a condition. */
export class RequestContextView {
  readonly id: string;
  readonly method: string;
  readonly time: Date;
  readonly session: string | undefined;
  readonly endpoint: string;
  readonly #headers: JsonObject;
  #boundHeaders: unknown;

  constructor(request: PolicyInput["request"]) {
    this.id = request.id;
    this.method = request.method;
    this.time = new Date(request.time);
    this.session = request.session;
    this.endpoint = request.endpoint;
    this.#headers = request.headers;
  }

  get headers(): unknown {
    this.#boundHeaders ??= bindJson(this.#headers, 0, undefined);
    return this.#boundHeaders;
  }
}

/** `result` of a condition. */
export class ResultView {
  readonly is_error: boolean;
  readonly text: string;
  readonly #structured: Json | undefined;
  #boundStructured: unknown;

  constructor(result: PolicyResult) {
    this.is_error = result.isError;
    this.text = result.text;
    this.#structured = result.structured;
  }

  get structured(): unknown {
    this.#boundStructured ??= bindJson(this.#structured, 0, undefined);
    return this.#boundStructured;
  }
}

/** What depends on a tool's definition alone: computed once per definition, not per call. */
export interface ToolFacts {
  readonly view: ToolContextView;
  readonly hints: SchemaHints | undefined;
  /** Whether its schema has any default at all. */
  readonly hasDefaults: boolean;
  /** The defaults that bear on what reads these values; `undefined` if none does. Found once for equal `values`. */
  defaultsFor(values: readonly ArgumentPath[]): ArgumentsPlan | undefined;
}

/** Reads a tool's definition for conditions. @throws never */
export function readToolFacts(tool: PolicyInput["tool"]): ToolFacts {
  const { inputSchema } = tool.definition;
  let place: SchemaPlace | undefined;
  const plans = new WeakMap<readonly ArgumentPath[], ArgumentsPlan | "none">();
  return {
    view: new ToolContextView(tool),
    hints: readSchemaHints(inputSchema),
    hasDefaults: isObject(inputSchema) && mayHaveDefaults(inputSchema),
    defaultsFor(values) {
      const known = plans.get(values);
      if (known !== undefined) return known === "none" ? undefined : known;
      if (isObject(inputSchema)) place ??= SchemaPlace.ofArguments(inputSchema);
      const plan = place && planDefaults(place, values);
      plans.set(values, plan ?? "none");
      return plan;
    },
  };
}

/** A call with defaults of the tool in it, and the places that got one. */
export interface FilledCall {
  readonly context: CallContext;
  readonly places: readonly string[];
}

/** The variables of one call, each made when a condition first names it and then kept for all conditions. */
export class CallContext {
  readonly tool: ToolContextView;
  readonly #input: PolicyInput;
  readonly #facts: ToolFacts;
  #user: UserView | undefined;
  #client: ClientView | undefined;
  #request: RequestContextView | undefined;
  #args: unknown;
  /** What evaluating conditions about this call has cost. */
  readonly work: Work;
  /** There once the tool has answered. */
  readonly result: ResultView | undefined;
  readonly #result: PolicyResult | undefined;

  constructor(input: PolicyInput, facts: ToolFacts, result?: PolicyResult, work = new Work()) {
    this.#input = input;
    this.work = work;
    this.tool = facts.view;
    this.#facts = facts;
    this.#result = result;
    this.result = result && new ResultView(result);
  }

  /**
   * The same call with the tool's defaults where the arguments leave out what is read at `values`, first with all of them;
   * none if the call leaves nothing of that out.
   */
  *withDefaults(values: readonly ArgumentPath[]): Generator<FilledCall, undefined> {
    if (!this.#facts.hasDefaults || values.length === 0) return;
    const plan = this.#facts.defaultsFor(values);
    if (plan === undefined) return;
    // The same decision: what is left out must not buy more work.
    for (const { arguments: args, places } of fillDefaults(this.#input.arguments, plan, this.work)) {
      const input = { ...this.#input, arguments: args };
      yield { context: new CallContext(input, this.#facts, this.#result, this.work), places };
    }
  }

  get user(): UserView {
    this.#user ??= new UserView(this.#input.principal, this.#input.request.time);
    return this.#user;
  }

  get client(): ClientView {
    this.#client ??= new ClientView(this.#input.client, this.#input.principal);
    return this.#client;
  }

  get request(): RequestContextView {
    this.#request ??= new RequestContextView(this.#input.request);
    return this.#request;
  }

  get args(): unknown {
    this.#args ??= bindJson(this.#input.arguments, 0, this.#facts.hints);
    return this.#args;
  }
}

function objectOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function firstText(...values: readonly (Json | undefined)[]): string | undefined {
  return values.find((value) => typeof value === "string");
}
