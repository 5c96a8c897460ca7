import { isObject, type Json, type JsonObject } from "../core/json.ts";
import { claimsSeenOf } from "../core/policy-names.ts";
import { ClientView, PromptContextView, ResourceContextView, ToolContextView, UserView } from "./cel/views.ts";
import type { PolicyInput, PolicySubject } from "./policy-set.ts";

/**
 * What those outside the gateway are told of a request: the facts that conditions see, under the same names, as JSON. Times
 * are RFC 3339. No credential is in it: of the headers the allow-list, of the claims those that policies may see, and
 * `args` is the very object of the input, whose numbers keep their digits. What nobody vouched for is absent. Pure.
 */
export function requestFacts(input: PolicyInput): JsonObject {
  const { principal, client, subject, request } = input;
  const { id, name, version, ip, user_agent } = new ClientView(client, principal);
  return {
    user: userFacts(input),
    client: { id, name, version, ip, user_agent },
    [subject.kind]: subjectFacts(subject),
    args: input.arguments,
    request: {
      id: request.id,
      method: request.method,
      time: timeText(new Date(request.time)),
      session: request.session,
      endpoint: request.endpoint,
      headers: request.headers,
    },
  };
}

function userFacts({ principal, request }: PolicyInput): JsonObject {
  const user = new UserView(principal, request.time);
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    roles: user.roles,
    groups: user.groups,
    scopes: user.scopes,
    issuer: user.issuer,
    claims: claimsSeenOf(principal),
    acr: user.acr,
    amr: user.amr,
    auth_time: timeText(user.auth_time),
  };
}

function subjectFacts(subject: PolicySubject): JsonObject {
  const { annotations, _meta } = subject.definition;
  const meta = objectOf(_meta);
  switch (subject.kind) {
    case "tool": {
      const { name, upstream, title } = new ToolContextView(subject);
      return { name, upstream, title, annotations: objectOf(annotations), meta };
    }
    case "prompt": {
      const { name, upstream, title } = new PromptContextView(subject);
      return { name, upstream, title, meta };
    }
    case "resource": {
      const { uri, upstream, name, title, mime_type } = new ResourceContextView(subject);
      return { uri, upstream, name, title, mime_type, meta };
    }
    default:
      return subject.kind satisfies never;
  }
}

// An issuer may say any number, and not each is a day.
function timeText(time: Date | undefined): string | undefined {
  return time === undefined || Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

function objectOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}
