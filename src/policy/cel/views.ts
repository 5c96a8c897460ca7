import type { ClientFacts } from "../../core/call.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { claimsSeenOf, clientIdOf, emailOf, userIdOf } from "../../core/policy-names.ts";
import type { Principal } from "../../core/principal.ts";
import { bindJson, ROUNDED } from "../inputs/json-values.ts";
import type { PolicyInput, PolicyResult, PolicySubject } from "../policy-set.ts";

/* What the variables of a condition are. */

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

  constructor(tool: PolicySubject) {
    const { title, annotations, _meta } = tool.definition;
    const hints = objectOf(annotations);
    this.name = tool.name;
    this.upstream = tool.upstream;
    this.title = firstText(title, hints["title"]);
    this.annotations = bindJson(hints, 0, undefined);
    this.meta = bindJson(objectOf(_meta), 0, undefined);
  }
}

/** `prompt` of a condition. */
export class PromptContextView {
  readonly name: string;
  readonly upstream: string;
  readonly title: string | undefined;
  readonly meta: unknown;

  constructor({ name, upstream, definition: { title, _meta } }: PolicySubject) {
    this.name = name;
    this.upstream = upstream;
    this.title = firstText(title);
    this.meta = bindJson(objectOf(_meta), 0, undefined);
  }
}

/** `resource` of a condition. What its server does not list has a URI and a server, and nothing else is known of it. */
export class ResourceContextView {
  readonly uri: string;
  readonly upstream: string;
  readonly name: string | undefined;
  readonly title: string | undefined;
  readonly mime_type: string | undefined;
  readonly meta: unknown;

  constructor({ name: uri, upstream, definition: { name, title, mimeType, _meta } }: PolicySubject) {
    this.uri = uri;
    this.upstream = upstream;
    this.name = firstText(name);
    this.title = firstText(title);
    this.mime_type = firstText(mimeType);
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

function objectOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function firstText(...values: readonly (Json | undefined)[]): string | undefined {
  return values.find((value) => typeof value === "string");
}
