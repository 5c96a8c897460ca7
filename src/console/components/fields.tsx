import type { Child } from "hono/jsx";

interface FieldParts {
  readonly label: string;
  readonly name: string;
  /** What to write, below the label. */
  readonly hint?: Child;
  /** What was wrong with what was written. */
  readonly error?: string | undefined;
}

/** A line of text with its label. */
export function TextField(
  props: FieldParts & {
    readonly value?: string;
    readonly type?: "text" | "password" | "search" | "url" | "datetime-local";
    readonly required?: boolean;
    readonly autocomplete?: string;
    readonly maxlength?: number;
  },
) {
  const { name, value, type = "text", required, autocomplete = "off", maxlength } = props;
  return (
    <Field {...props}>
      <input
        {...described(props)}
        name={name}
        type={type}
        value={value}
        required={required}
        autocomplete={autocomplete}
        maxlength={maxlength}
        spellcheck={false}
      />
    </Field>
  );
}

/** Several lines of text with their label. `code`: in a fixed-width face. */
export function TextArea(
  props: FieldParts & {
    readonly value?: string;
    readonly rows?: number;
    readonly code?: boolean;
    readonly required?: boolean;
    readonly maxlength?: number;
  },
) {
  const { name, value = "", rows = 4, code = false, required, maxlength } = props;
  return (
    <Field {...props}>
      <textarea
        {...described(props)}
        name={name}
        rows={rows}
        class={code ? "mono" : undefined}
        required={required}
        maxlength={maxlength}
        spellcheck={!code}
      >
        {value}
      </textarea>
    </Field>
  );
}

/** A choice out of a few. */
export function SelectField(
  props: FieldParts & {
    readonly value?: string;
    readonly options: readonly { readonly value: string; readonly label: string }[];
  },
) {
  const { name, value, options } = props;
  return (
    <Field {...props}>
      <select {...described(props)} name={name}>
        {options.map((option) => (
          <option value={option.value} selected={option.value === value}>
            {option.label}
          </option>
        ))}
      </select>
    </Field>
  );
}

function Field({ label, name, hint, error, children }: FieldParts & { readonly children?: Child }) {
  return (
    <div class="field">
      <label for={`field-${name}`}>{label}</label>
      {hint === undefined ? null : (
        <p class="hint" id={`hint-${name}`}>
          {hint}
        </p>
      )}
      {children}
      {error === undefined ? null : (
        <p class="error" id={`error-${name}`}>
          {error}
        </p>
      )}
    </div>
  );
}

function described({ name, hint, error }: FieldParts) {
  const by = [...(hint === undefined ? [] : [`hint-${name}`]), ...(error === undefined ? [] : [`error-${name}`])];
  return {
    id: `field-${name}`,
    "aria-describedby": by.length === 0 ? undefined : by.join(" "),
    "aria-invalid": error === undefined ? undefined : ("true" as const),
  };
}
