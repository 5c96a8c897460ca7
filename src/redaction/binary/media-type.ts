import type { Json } from "../../core/json.ts";

/** What the type of Base64 says of it. */
export interface MediaType {
  /** `type/subtype`; `undefined` if there is none, or what stands there is no type. */
  readonly name: string | undefined;
  /** `unknown`: its bytes have to tell. */
  readonly nature: "text" | "binary" | "unknown";
  /** As declared, in lower case; `contradictory` if there are several. */
  readonly charset: string | undefined;
}

const BINARY = /^(?:image|audio|video|font|model)\/|^application\/pdf$/;
const TEXT = /^(?:text|message)\/|\+(?:json|xml|yaml|json-seq)$/;
/** Registered as application/, and written in text. */
const TEXT_APPLICATIONS = new Set(
  [
    ...["json", "json5", "json-seq", "jsonl", "jsonlines", "x-jsonlines", "ndjson", "x-ndjson", "jwt"],
    ...["xml", "xml-dtd", "yaml", "x-yaml", "toml", "csv", "sql", "graphql", "x-www-form-urlencoded"],
    ...["javascript", "x-javascript", "ecmascript", "typescript", "x-typescript", "x-sh", "x-python", "x-php"],
    ...["pem-certificate-chain", "x-pem-file", "pgp-keys", "x-tex", "x-subrip"],
  ].map((name) => `application/${name}`),
);
const MAX_NAME = 100;
const NAME = /^[a-z0-9][\w.+-]*\/[\w.+-]+$/;

/** Reads the `mimeType` of a block or of a resource's content. @throws never */
export function readMediaType(mimeType: Json | undefined): MediaType {
  const [essence = "", ...parameters] = typeof mimeType === "string" ? mimeType.toLowerCase().split(";") : [];
  const name = essence.trim();
  if (name.length > MAX_NAME || !NAME.test(name)) return { name: undefined, nature: "unknown", charset: undefined };
  const charsets = new Set(
    parameters.flatMap((parameter) => {
      const [key = "", value = ""] = parameter.split("=", 2);
      return key.trim() === "charset" ? [value.trim().replace(/^"|"$/g, "")] : [];
    }),
  );
  const [charset] = charsets;
  return { name, nature: natureOf(name), charset: charsets.size > 1 ? "contradictory" : charset };
}

function natureOf(name: string): MediaType["nature"] {
  if (TEXT.test(name) || TEXT_APPLICATIONS.has(name)) return "text";
  return BINARY.test(name) ? "binary" : "unknown";
}
