import type { IncomingMessage } from "node:http";
import { type Refusal, refuse } from "../core/errors.ts";
import { readBody } from "../http/body.ts";

/** The fields of a form. Line ends are `\n`. */
export interface ConsoleForm {
  /** The field's value; `""` where it is missing or comes more than once, so that two readers cannot take one each. */
  text(name: string): string;
  /** All values of a field that may come more than once. */
  all(name: string): readonly string[];
}

/** Enough for the arguments of a tried call, and no more. */
const MAX_FORM_BYTES = 256 * 1024;

const FORM_TYPE = "application/x-www-form-urlencoded";

/** Reads an HTML form, urlencoded and nothing else; `undefined` when the client went away. */
export async function readForm(
  incoming: IncomingMessage,
): Promise<{ readonly ok: true; readonly form: ConsoleForm } | Refusal | undefined> {
  const type = incoming.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== FORM_TYPE) return refuse("MEDIA_TYPE_UNSUPPORTED");
  const body = await readBody(incoming, MAX_FORM_BYTES);
  if (body === undefined) return undefined;
  return body.ok ? { ok: true, form: formOf(new URLSearchParams(body.text)) } : body;
}

function formOf(fields: URLSearchParams): ConsoleForm {
  const all = (name: string): readonly string[] => fields.getAll(name).map((text) => text.replaceAll(/\r\n?/g, "\n"));
  return {
    text(name) {
      const [value, ...others] = all(name);
      return value === undefined || others.length > 0 ? "" : value;
    },
    all,
  };
}
