import type { Child } from "hono/jsx";
import type { KnownCaller, ToolPath } from "../../operations/policies/policies.ts";
import { Button } from "../components/button.tsx";
import { CsrfField } from "../components/csrf-field.tsx";
import { SelectField, TextArea, TextField } from "../components/fields.tsx";
import { ForeignText } from "../components/foreign-text.tsx";
import { harmless } from "../harmless.ts";
import { pathText, TRY } from "../policy-words/links.ts";
import type { ArgumentField } from "./argument-fields.ts";
import { ArgumentInputs } from "./argument-inputs.tsx";
import { type FormValues, JSON_FIELD } from "./read-arguments.ts";
import { type CallField, type CallValues, nameOfCaller } from "./read-call.ts";

/** What stands in the form in which a call is tried. */
export interface CallFormProps {
  readonly csrfToken: string;
  readonly tools: readonly ToolPath[];
  readonly callers: readonly KnownCaller[];
  /** `upstream/tool`; `""` before one is chosen. */
  readonly tool: string;
  /** What the chosen tool's server says it does. */
  readonly description: string | undefined;
  readonly fields: readonly ArgumentField[];
  readonly values: CallValues;
  readonly args: FormValues;
  readonly errors: ReadonlyMap<string, string>;
}

/** More are no list to choose from. */
const MAX_CHOICE = 500;

/** The form in which a call is tried: the tool, its arguments, the caller, and what is around them. */
export function CallForm(props: CallFormProps) {
  const { csrfToken, tool, description, fields, args, errors } = props;
  const chosen = tool !== "";
  return (
    <form class="try" method="post" action={TRY}>
      <CsrfField token={csrfToken} />
      <input type="hidden" name="shown" value={tool} />
      <input type="hidden" name="filled" value={nameOfCaller(props.values, props.callers)} />
      {/* What Enter in a field presses is the first button of a form. */}
      <button type="submit" hidden name="do" value={chosen ? "decide" : "load"}>
        {chosen ? "Decide" : "Show its arguments"}
      </button>
      <fieldset class="panel">
        <legend>Tool</legend>
        <div class="beside">
          <ToolChoice tool={tool} tools={props.tools} error={errors.get("tool")} />
          <Button tone="plain" name="do" value="load">
            Show its arguments
          </Button>
        </div>
        {description === undefined ? null : (
          <p class="soft">
            <ForeignText text={description} multiline />
          </p>
        )}
      </fieldset>
      {chosen ? (
        <>
          <fieldset class="panel">
            <legend>Arguments</legend>
            <ArgumentInputs fields={fields} values={args} errors={errors} />
            <JsonArguments fields={fields} args={args} error={errors.get(JSON_FIELD)} />
          </fieldset>
          <Caller {...props} />
          <div class="actions">
            <Button name="do" value="decide">
              Decide
            </Button>
          </div>
        </>
      ) : null}
    </form>
  );
}

function ToolChoice(props: {
  readonly tool: string;
  readonly tools: readonly ToolPath[];
  readonly error: string | undefined;
}) {
  const { tool, tools, error } = props;
  if (tools.length > MAX_CHOICE) {
    const hint = "As upstream/tool, with the server’s own name of the tool.";
    return <TextField label="Tool" name="tool" value={tool} hint={hint} error={error} />;
  }
  const options = tools.map((path) => ({ value: pathText(path), label: harmless(pathText(path), 200).text }));
  const none = { value: "", label: "Choose a tool" };
  return <SelectField label="Tool" name="tool" value={tool} options={[none, ...options]} error={error} />;
}

function JsonArguments(props: {
  readonly fields: readonly ArgumentField[];
  readonly args: FormValues;
  readonly error: string | undefined;
}) {
  const { fields, args, error } = props;
  const value = args.text(JSON_FIELD);
  const alone = fields.length === 0;
  const area = (
    <TextArea
      label={alone ? "Arguments as JSON" : "More arguments as JSON"}
      name={JSON_FIELD}
      hint={
        alone
          ? "This tool says nothing of its arguments that a form could ask."
          : "What stands here counts over the fields above."
      }
      value={value}
      rows={5}
      code
      error={error}
    />
  );
  return alone ? (
    area
  ) : (
    <More title="Write JSON instead" open={value !== ""}>
      {area}
    </More>
  );
}

function Caller({ callers, values, errors }: CallFormProps) {
  const field = textFields(values, errors);
  return (
    <fieldset class="panel">
      <legend>Who calls</legend>
      {callers.length === 0 ? null : (
        <div class="beside">
          <SelectField
            label="As somebody whom the configuration names"
            name="as"
            hint="Takes the place of what stands below."
            value={nameOfCaller(values, callers)}
            error={errors.get("as")}
            options={[
              { value: "", label: "Nobody of them: whoever stands below" },
              ...callers.map(({ name, user }) => ({
                value: name,
                label: harmless(callerLabel(name, user.id), 200).text,
              })),
            ]}
          />
          <Button tone="plain" name="do" value="fill">
            Fill in
          </Button>
        </div>
      )}
      <div class="fields">
        {field("user_email", "E-mail", "As the identity provider gives it.")}
        {field("user_id", "Subject", "The user’s id; the e-mail where it is empty.")}
        {field("user_name", "Name", "As the identity provider gives it.")}
        {field("user_roles", "Roles", "With commas between them.")}
        {field("user_groups", "Groups", "With commas between them.")}
      </div>
      <More title="How they signed in" open={anyOf(values, ["user_acr", "user_auth_time", "user_issuer"])}>
        <div class="fields">
          {field("user_acr", "Authentication context", "The acr of the token.")}
          {field("user_auth_time", "Signed in at", "As 2026-01-31T09:00:00Z.")}
          {field("user_issuer", "Issuer", "Who vouches for them.")}
        </div>
      </More>
      <More title="From where, and when" open={anyOf(values, ["client_id", "client_name", "ip", "endpoint", "time"])}>
        <div class="fields">
          {field("client_name", "Client’s name", "What the program calls itself.")}
          {field("client_id", "Client’s id", "Of its credential: an OAuth client, an API key.")}
          {field("ip", "IP address", "127.0.0.1 where it is empty.")}
          {field("endpoint", "Endpoint", "The part after /mcp/; empty for /mcp itself.")}
          {field("time", "Time", "As 2026-01-31T09:00:00Z; now where it is empty.")}
        </div>
      </More>
    </fieldset>
  );
}

function More({
  title,
  open,
  children,
}: {
  readonly title: string;
  readonly open: boolean;
  readonly children?: Child;
}) {
  return (
    <details class="more" open={open}>
      <summary>{title}</summary>
      {children}
    </details>
  );
}

function textFields(values: CallValues, errors: ReadonlyMap<string, string>) {
  return (name: CallField, label: string, hint?: string) => (
    <TextField
      label={label}
      name={name}
      value={values[name]}
      error={errors.get(name)}
      {...(hint !== undefined && { hint })}
    />
  );
}

function anyOf(values: CallValues, names: readonly CallField[]): boolean {
  return names.some((name) => values[name] !== "");
}

function callerLabel(key: string, id: string | undefined): string {
  return id === undefined || id === key ? key : `${id}, with the key ${key}`;
}
