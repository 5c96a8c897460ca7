import { SelectField, TextArea, TextField } from "../components/fields.tsx";
import { ForeignText } from "../components/foreign-text.tsx";
import { harmless } from "../harmless.ts";
import type { ArgumentField } from "./argument-fields.ts";
import type { FormValues } from "./read-arguments.ts";

interface InputProps {
  readonly values: FormValues;
  /** What was wrong, by the name of the field. */
  readonly errors: ReadonlyMap<string, string>;
}

/** One input for each argument. */
export function ArgumentInputs(props: InputProps & { readonly fields: readonly ArgumentField[] }) {
  const { fields, ...rest } = props;
  return (
    <>
      {fields.map((field) => (
        <ArgumentInput field={field} {...rest} />
      ))}
    </>
  );
}

function ArgumentInput({ field, values, errors }: InputProps & { readonly field: ArgumentField }) {
  const { name, input } = field;
  const label = labelOf(field);
  if (input.kind === "group") {
    return (
      <fieldset class="group">
        <legend>{label}</legend>
        {field.description === undefined ? null : (
          <p class="hint">
            <ForeignText text={field.description} />
          </p>
        )}
        <ArgumentInputs fields={input.fields} values={values} errors={errors} />
      </fieldset>
    );
  }
  const parts = { label, name, hint: hintOf(field), error: errors.get(name) };
  const value = values.text(name);
  switch (input.kind) {
    case "boolean":
      return <SelectField {...parts} value={value} options={[NOT_GIVEN, ...YES_NO]} />;
    case "choice": {
      const options = input.options.map((option, index) => ({
        value: `${index}`,
        label: harmless(`${option}`, 200).text,
      }));
      return <SelectField {...parts} value={value} options={[NOT_GIVEN, ...options]} />;
    }
    case "list":
      return <TextArea {...parts} value={value} rows={3} />;
    case "json":
      return <TextArea {...parts} value={value} rows={3} code />;
    case "text":
      return value.includes("\n") ? <TextArea {...parts} value={value} /> : <TextField {...parts} value={value} />;
    case "number":
      return <TextField {...parts} value={value} />;
    default:
      return input satisfies never;
  }
}

const NOT_GIVEN = { value: "", label: "not given" };
const YES_NO = [
  { value: "true", label: "true" },
  { value: "false", label: "false" },
];

const MAX_LABEL = 100;

function labelOf({ key, title, required }: ArgumentField): string {
  const name = harmless(key, MAX_LABEL).text;
  const said = title === undefined || title === key ? "" : ` (${harmless(title, MAX_LABEL).text})`;
  return `${name}${said}${required ? ", required" : ""}`;
}

function hintOf(field: ArgumentField) {
  const form = formOf(field);
  const { description } = field;
  if (description === undefined) return form === "" ? undefined : form;
  return (
    <>
      <ForeignText text={description} fold={200} /> {form}
    </>
  );
}

function formOf({ input }: ArgumentField): string {
  switch (input.kind) {
    case "text":
      return input.format === "date-time"
        ? "As 2026-01-31T09:00:00Z."
        : input.format === "date"
          ? "As 2026-01-31."
          : "";
    case "number":
      return input.integer ? "A whole number." : "A number.";
    case "list":
      return "One on each line.";
    case "json":
      return "As JSON.";
    case "boolean":
    case "choice":
    case "group":
      return "";
    default:
      return input satisfies never;
  }
}
