import type { Child } from "hono/jsx";

/** A column: its heading, and what stands there for a row. */
export interface Column<Row> {
  readonly title: string;
  /** `number`: aligned by its last digit. `action`: buttons, no label on a phone. */
  readonly kind?: "text" | "number" | "action";
  cell(row: Row): Child;
}

/** A table that becomes one card per row on a phone: the first column is then the card's heading. */
export function DataTable<Row>(props: {
  /** What the table lists, for screen readers. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** Names a row, so that a live table keeps focus and place when others come and go. Unique on the page. */
  readonly rowId?: (row: Row) => string;
}) {
  const { caption, columns, rows, rowId } = props;
  return (
    <table class="data">
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ title, kind = "text" }) => (
            <th scope="col" class={kind}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr id={rowId?.(row)}>
            {columns.map(({ title, kind = "text", cell }, index) =>
              index === 0 ? (
                <th scope="row" class={kind}>
                  {cell(row)}
                </th>
              ) : (
                <td class={kind} data-label={title}>
                  {cell(row)}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
