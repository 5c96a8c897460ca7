/** What the four lists of a server are called in their results, and which method asks for them. */
export const LISTS = {
  tools: "tools/list",
  prompts: "prompts/list",
  resources: "resources/list",
  resourceTemplates: "resources/templates/list",
} as const;
export type ListName = keyof typeof LISTS;

/** The items of each list in their order. */
export type Lists = Readonly<Record<ListName, readonly object[]>>;

/**
 * Reads JSON with the digits of every number as they stand, as texts with a mark; the order of members stays. On purpose
 * nothing of the gateway's own reading of JSON, which is what is compared. @throws SyntaxError
 */
export function parseDigits(text: string): unknown {
  return JSON.parse(
    text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) =>
      token.startsWith('"') ? token : `"\\u0000number ${token}"`,
    ),
  );
}

/** How lists differ, a line each; `shown` is the name under which the gateway offers an item. */
export function compareLists(direct: Lists, through: Lists, shown: (list: ListName, name: string) => string): string[] {
  return (Object.keys(LISTS) as ListName[]).flatMap((list) => {
    const [here, there] = [direct[list], through[list]];
    const expected = here.map((item) => renamed(withoutRequired(item), list, shown));
    const texts = there.map((item) => JSON.stringify(item));
    const lines = expected.flatMap((item, at) => {
      const text = JSON.stringify(item);
      if (texts[at] === text) return [];
      if (texts.includes(text)) return [`${list}: ${nameOf(item)} stands at another place`];
      const other = there.find((candidate) => nameOf(candidate) === nameOf(item));
      return [other === undefined ? `${list}: ${nameOf(item)} is missing` : `${list}: ${difference(item, other)}`];
    });
    const known = new Set(expected.map(nameOf));
    const more = there.filter((item) => !known.has(nameOf(item))).map((item) => `${list}: ${nameOf(item)} is new`);
    return [...lines, ...more];
  });
}

/** Where two values differ, or nothing if their texts are the same. */
export function compareValues(what: string, direct: unknown, through: unknown): string[] {
  const [here, there] = [JSON.stringify(direct) ?? "nothing", JSON.stringify(through) ?? "nothing"];
  if (here === there) return [];
  return [`${what}: ${around(here, there)}`];
}

/** A tool that has to be run as a task (2025-11-25) is offered without that: see docs/limits.md. */
function withoutRequired(item: object): object {
  const execution: unknown = Reflect.get(item, "execution");
  const isRequired =
    typeof execution === "object" && execution !== null && Reflect.get(execution, "taskSupport") === "required";
  if (!isRequired) return item;
  return Object.fromEntries(
    Object.entries(item).map(([key, value]) => [
      key,
      key === "execution"
        ? Object.fromEntries(Object.entries(execution).filter(([name]) => name !== "taskSupport"))
        : value,
    ]),
  );
}

function renamed(item: object, list: ListName, shown: (list: ListName, name: string) => string): object {
  if (list !== "tools" && list !== "prompts") return item;
  return Object.fromEntries(
    Object.entries(item).map(([key, value]) => [key, key === "name" ? shown(list, String(value)) : value]),
  );
}

function nameOf(item: object): string {
  return String(Reflect.get(item, "uri") ?? Reflect.get(item, "uriTemplate") ?? Reflect.get(item, "name"));
}

function difference(item: object, other: object): string {
  return `${nameOf(item)}: ${around(JSON.stringify(item), JSON.stringify(other))}`;
}

/** The first place at which two texts differ, with some of what is around it. */
function around(here: string, there: string): string {
  let at = 0;
  while (at < here.length && here[at] === there[at]) at++;
  const from = Math.max(0, at - 30);
  return `direct …${here.slice(from, at + 60)}, through …${there.slice(from, at + 60)}`.replaceAll(
    "\\u0000number ",
    "",
  );
}
