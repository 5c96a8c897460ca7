import type { EntryMistake } from "../../config/checks/upstream-entry.ts";
import { Button, ButtonLink } from "../components/button.tsx";
import { CsrfField } from "../components/csrf-field.tsx";
import { SelectField, TextArea, TextField } from "../components/fields.tsx";
import { HEADER_ROWS, type RegistrationFields } from "./read-registration.ts";

/** Fields of the form, by the member of an entry that they write. */
const FIELDS = ["name", "url", "type", "headers", "timeout", "isolation", "tools.allow", "tools.deny"];

/** The form with which a server is registered: what was written stays, each mistake stands at its field. */
export function RegisterForm(props: {
  readonly fields: RegistrationFields;
  readonly mistakes: readonly EntryMistake[];
  readonly csrfToken: string;
}) {
  const { fields, mistakes, csrfToken } = props;
  const errorAt = (member: string): string | undefined => {
    const own = mistakes.filter(({ at }) => (member === "entry" ? fieldOf(at) === undefined : fieldOf(at) === member));
    return own.length === 0 ? undefined : own.map((mistake) => worded(mistake, member)).join(" ");
  };
  return (
    <form method="post" action="/console/upstreams/_register" class="panel narrow">
      <CsrfField token={csrfToken} />
      <TextField
        {...{ label: "Name", name: "name", value: fields.name, required: true, maxlength: 32, error: errorAt("name") }}
        hint="Small letters, digits and hyphens. It stands before the names of its tools, and after /mcp/ in an address."
      />
      <TextField
        {...{ label: "URL", name: "url", type: "url", value: fields.url, error: errorAt("url") }}
        hint="Its MCP endpoint. Only public addresses, unless registration.addresses allows others."
      />
      <SelectField
        {...{ label: "Transport", name: "type", value: fields.type, error: errorAt("type") }}
        options={[
          { value: "http", label: "Streamable HTTP" },
          { value: "sse", label: "SSE, of older servers" },
        ]}
      />
      <Headers names={fields.headerNames} error={errorAt("headers")} />
      <TextField
        {...{ label: "Timeout", name: "timeout", value: fields.timeout, error: errorAt("timeout") }}
        hint="Deadline of one request, such as 60s or 5m."
      />
      <SelectField
        {...{ label: "Sessions", name: "isolation", value: fields.isolation, error: errorAt("isolation") }}
        options={[
          { value: "session", label: "One for each client" },
          { value: "shared", label: "One for all clients" },
        ]}
      />
      <TextArea
        {...{ label: "Tools to offer", name: "allow", value: fields.allow, rows: 2, code: true }}
        {...{ error: errorAt("tools.allow"), hint: "Original names, one a line. * stands for any text." }}
      />
      <TextArea
        {...{ label: "Tools not to offer", name: "deny", value: fields.deny, rows: 2, code: true }}
        {...{ error: errorAt("tools.deny"), hint: "Wins over what is offered." }}
      />
      <TextArea
        {...{ label: "Everything else, as JSON", name: "entry", value: fields.entry, rows: 4, code: true }}
        {...{
          error: errorAt("entry"),
          hint: "An entry as under upstreams: in the configuration. What it says counts.",
        }}
      />
      <p class="actions">
        <Button>Register and test</Button>
        <ButtonLink href="/console/upstreams">Cancel</ButtonLink>
      </p>
    </form>
  );
}

function Headers({ names, error }: { readonly names: readonly string[]; readonly error: string | undefined }) {
  const rows = Array.from({ length: HEADER_ROWS }, (_, index) => names[index] ?? "");
  return (
    <fieldset
      class="field headers"
      aria-describedby={error === undefined ? "hint-headers" : "hint-headers error-headers"}
    >
      <legend>Headers</legend>
      <p class="hint" id="hint-headers">
        Such as the server's credential. Kept encrypted, and never shown again.
      </p>
      {rows.map((name, index) => (
        <div class="header-row">
          <input
            name="header_name"
            value={name}
            aria-label={`Name of header ${index + 1}`}
            placeholder={index === 0 ? "Authorization" : undefined}
            autocomplete="off"
          />
          <input name="header_value" type="password" aria-label={`Value of header ${index + 1}`} autocomplete="off" />
        </div>
      ))}
      {error === undefined ? null : (
        <p class="error" id="error-headers">
          {error}
        </p>
      )}
    </fieldset>
  );
}

// A mistake deeper inside belongs to the field that writes it: `headers.Authorization`, `tools.allow.0`.
function fieldOf(at: string): string | undefined {
  return FIELDS.find((field) => at === field || at.startsWith(`${field}.`));
}

function worded({ at, message }: EntryMistake, member: string): string {
  return at === member || at === "" ? message : `${at}: ${message}`;
}
