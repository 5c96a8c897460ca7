/** Leads to the next page of a list, and back to its beginning. `url` has the filters in it and no cursor. */
export function Pager(props: {
  readonly url: string;
  /** The cursor of this page; `undefined` on the first. */
  readonly cursor: string | undefined;
  readonly next: string | undefined;
}) {
  const { url, cursor, next } = props;
  if (cursor === undefined && next === undefined) return null;
  const join = url.includes("?") ? "&" : "?";
  return (
    <nav class="pager" aria-label="Pages">
      {cursor === undefined ? null : <a href={url}>Back to the newest</a>}
      {next === undefined ? null : (
        <a rel="next" href={`${url}${join}cursor=${encodeURIComponent(next)}`}>
          Older
        </a>
      )}
    </nav>
  );
}
