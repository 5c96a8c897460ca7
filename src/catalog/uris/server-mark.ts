/*
 * A URI that says whose it is: `<uri>#portcullis=<server>`, or `<uri>&portcullis=<server>` where a fragment has begun. What
 * stands behind a URI leaves its scheme and path to those who go by them (`ui://`, `file://`, `.html`), and a fragment is
 * never sent by those who fetch it themselves.
 */

const MARK = "portcullis=";
const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** The URI, or URI template, with the name of its server. */
export function withMark(uri: string, upstream: string): string {
  return `${uri}${separator(uri)}${MARK}${upstream}`;
}

/** What has to stand between a URI and `<server>`: for people and models who put it there themselves. */
export function markFor(uri: string): string {
  return `${separator(uri)}${MARK}`;
}

/** Takes the mark off: the last one, since a server's own URI may end in something like it. `undefined` without one. */
export function readMark(uri: string): { readonly uri: string; readonly upstream: string } | undefined {
  const at = uri.lastIndexOf(MARK);
  if (at < 1 || !"#&".includes(uri.charAt(at - 1))) return undefined;
  const upstream = uri.slice(at + MARK.length);
  return NAME.test(upstream) ? { uri: uri.slice(0, at - 1), upstream } : undefined;
}

/** Whether a server's own URI or template holds something like a mark, so that it can only be shown with one. */
export function resemblesMark(text: string): boolean {
  return text.includes(MARK);
}

function separator(uri: string): string {
  return uri.includes("#") ? "&" : "#";
}
