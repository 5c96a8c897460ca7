import { type Address, readAddress } from "./address-class.ts";

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
/** One pair, or none, and what ends it. RFC 7239 §4 */
const PAIR = new RegExp(`[ \\t]*(?:(${TOKEN})=(?:(${TOKEN})|"((?:[^"\\\\]|\\\\.)*)")[ \\t]*)?(;|,|$)`, "y");

/**
 * Who is named by `for` in a `Forwarded` header, the last one first; an element without it is `unknown`. `undefined`: the
 * header breaks its grammar somewhere, and then nobody can tell whose word is where. RFC 7239 §4. @throws never
 */
export function forwardedNodes(header: string): readonly string[] | undefined {
  const nodes: string[] = [];
  let node: string | undefined;
  PAIR.lastIndex = 0;
  for (;;) {
    const [matched, name, token, quoted, end] = PAIR.exec(header) ?? [];
    if (matched === undefined) return undefined;
    if (name?.toLowerCase() === "for") {
      if (node !== undefined) return undefined;
      node = token ?? quoted?.replaceAll(/\\(.)/g, "$1") ?? "";
    }
    if (end === ";") continue;
    nodes.push(node ?? "unknown");
    node = undefined;
    if (end === "") return nodes.reverse();
  }
}

/** Blanks around a name; those within it are looked at once, and not once from each of them. */
const AROUND = /^[ \t]+|(?<![ \t])[ \t]+$/g;

/** Who is named in an `X-Forwarded-For` header, the last one first; read no further than somebody asks. */
export function* listedNodes(header: string): Generator<string> {
  let end = header.length;
  while (end >= 0) {
    const comma = end === 0 ? -1 : header.lastIndexOf(",", end - 1);
    yield header.slice(comma + 1, end).replaceAll(AROUND, "");
    end = comma;
  }
}

const V4 = /^(\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5})?$/;
const V6 = /^\[([0-9A-Fa-f:.%a-zA-Z]+)\](?::\d{1,5})?$/;

/**
 * The address of a node, its port left out; IPv6 with or without brackets. `undefined` for a name that hides it
 * (`unknown`, `_x`), and for what is none. RFC 7239 §6. @throws never
 */
export function readNode(node: string): Address | undefined {
  if (node.length > MAX_NODE_CHARS) return undefined;
  return readAddress(V4.exec(node)?.[1] ?? V6.exec(node)?.[1] ?? node);
}

const MAX_NODE_CHARS = 80;
