import type { JsonObject } from "../../core/json.ts";
import { type Column, DataTable } from "../components/data-table.tsx";
import { ForeignText } from "../components/foreign-text.tsx";
import { type SchemaRow, schemaRows } from "./schema-rows.ts";
import { onOneLine } from "./tool-texts.ts";

/** A JSON Schema as a table of its properties. `none` stands there where it has no properties. */
export function SchemaTable(props: { readonly schema: JsonObject; readonly caption: string; readonly none: string }) {
  const { rows, cut } = schemaRows(props.schema);
  if (rows.length === 0) return <p>{props.none}</p>;
  return (
    <>
      <DataTable caption={props.caption} columns={COLUMNS} rows={rows} />
      {cut ? <p>There is more: it is too much for a table, and stands whole in the definition below.</p> : null}
    </>
  );
}

const COLUMNS: readonly Column<SchemaRow>[] = [
  { title: "Name", cell: ({ name }) => <code>{onOneLine(name, 300)}</code> },
  { title: "Type", cell: ({ type }) => <span class="foreign">{onOneLine(type, 300)}</span> },
  { title: "Required", cell: ({ required }) => (required ? "required" : "optional") },
  {
    title: "Description",
    cell: ({ description }) => (description === undefined ? "" : <ForeignText text={description} fold={240} />),
  },
  { title: "Limits", cell: ({ limits }) => limits.map((limit) => onOneLine(limit, 1_500)).join("; ") },
];
