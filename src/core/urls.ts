/** Whether two names are the same but for slashes at their ends: what people take for one, and standards for two. */
export function differBySlash(one: string, other: string): boolean {
  return one !== other && withoutSlashes(one) === withoutSlashes(other);
}

function withoutSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === "/") end--;
  return text.slice(0, end);
}

/** A URL without slashes at its end, in the one spelling that URLs are compared in; `undefined` for what others cannot be below. */
export function baseUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, host, pathname, search, hash } = new URL(text);
  const web = protocol === "https:" || protocol === "http:";
  return web && search === "" && hash === "" ? withoutSlashes(`${protocol}//${host}${pathname}`) : undefined;
}
