import type { JsonObject } from "../../core/json.ts";
import type { KnownCaller } from "../../operations/policies/policies.ts";
import { type GivenCall, givenCallSchema } from "../../policy/tests/given-call.ts";
import type { FormValues } from "./read-arguments.ts";

/** The fields of the caller and of the call around the arguments. */
export const CALL_FIELDS = [
  "user_email",
  "user_id",
  "user_name",
  "user_roles",
  "user_groups",
  "user_acr",
  "user_auth_time",
  "user_issuer",
  "client_id",
  "client_name",
  "ip",
  "endpoint",
  "time",
] as const;

export type CallField = (typeof CALL_FIELDS)[number];

/** What stands in the form. */
export type CallValues = Readonly<Record<CallField, string>>;

/** Reads what stands in the form as it was written. */
export function readCallValues(values: FormValues): CallValues {
  const entries = CALL_FIELDS.map((name) => [name, values.text(name)] as const);
  return { ...NOTHING, ...Object.fromEntries(entries) };
}

const NOTHING: CallValues = {
  user_email: "",
  user_id: "",
  user_name: "",
  user_roles: "",
  user_groups: "",
  user_acr: "",
  user_auth_time: "",
  user_issuer: "",
  client_id: "",
  client_name: "",
  ip: "",
  endpoint: "",
  time: "",
};

/** The form with the caller of `given` in it, and the rest as it was. */
export function withCaller(values: CallValues, given: Pick<GivenCall, "user" | "client">): CallValues {
  const { user = {}, client = {} } = given;
  return {
    ...values,
    user_email: user.email ?? "",
    user_id: user.id ?? "",
    user_name: user.name ?? "",
    user_roles: (user.roles ?? []).join(", "),
    user_groups: (user.groups ?? []).join(", "),
    user_acr: user.acr ?? "",
    user_auth_time: user.auth_time ?? "",
    user_issuer: user.issuer ?? "",
    client_id: client.id ?? "",
  };
}

/** The name of who stands in the form, unchanged, of those whom the configuration names; `""`: somebody else, or nobody. */
export function nameOfCaller(values: CallValues, callers: readonly KnownCaller[]): string {
  const theirs = (caller: KnownCaller) => {
    const filled = withCaller(values, caller);
    return CALL_FIELDS.every((field) => filled[field] === values[field].trim());
  };
  return callers.find(theirs)?.name ?? "";
}

/**
 * The form with whoever was chosen in it. `filled` is who stood in it before: chosen again, they are as the fields have them by
 * now. `undefined`: the configuration names nobody like this.
 */
export function withChosen(
  values: CallValues,
  form: FormValues,
  callers: readonly KnownCaller[],
): CallValues | undefined {
  const as = form.text("as");
  if (as === "" || as === form.text("filled")) return values;
  const caller = callers.find(({ name }) => name === as);
  return caller && withCaller(values, caller);
}

export type ReadCall =
  | { readonly ok: true; readonly call: GivenCall }
  /** What is wrong, by the name of the field. */
  | { readonly ok: false; readonly errors: ReadonlyMap<CallField, string> };

/** The call that a form says. What is empty is left out. @throws never */
export function readFormCall(tool: string, values: CallValues, args: JsonObject): ReadCall {
  const user = filled({
    email: values.user_email,
    id: values.user_id,
    name: values.user_name,
    acr: values.user_acr,
    auth_time: values.user_auth_time,
    issuer: values.user_issuer,
  });
  const lists = { roles: namesIn(values.user_roles), groups: namesIn(values.user_groups) };
  const parsed = givenCallSchema.safeParse({
    ...{ tool, args, user: { ...user, ...lists } },
    client: filled({ id: values.client_id, name: values.client_name, ip: values.ip }),
    ...filled({ endpoint: values.endpoint, time: values.time }),
  });
  if (parsed.success) return { ok: true, call: parsed.data };
  const errors = new Map<CallField, string>();
  for (const { path, message } of parsed.error.issues) {
    const field = FIELDS_BY_PATH[path.slice(0, 2).join(".")] ?? FIELDS_BY_PATH[String(path[0])];
    if (field !== undefined) errors.set(field, message);
  }
  return { ok: false, errors };
}

const FIELDS_BY_PATH: Readonly<Record<string, CallField>> = {
  "user.email": "user_email",
  "user.id": "user_id",
  "user.name": "user_name",
  "user.roles": "user_roles",
  "user.groups": "user_groups",
  "user.acr": "user_acr",
  "user.auth_time": "user_auth_time",
  "user.issuer": "user_issuer",
  "client.id": "client_id",
  "client.name": "client_name",
  "client.ip": "ip",
  endpoint: "endpoint",
  time: "time",
};

function filled<Key extends string>(texts: Readonly<Record<Key, string>>): Partial<Record<Key, string>> {
  const entries = Object.entries<string>(texts).flatMap(([key, text]) =>
    text.trim() === "" ? [] : [[key, text.trim()]],
  );
  return Object.fromEntries(entries);
}

function namesIn(text: string): readonly string[] {
  return text
    .split(/[,\n]/)
    .map((name) => name.trim())
    .filter((name) => name !== "");
}
