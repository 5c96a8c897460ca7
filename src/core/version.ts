import { readFileSync } from "node:fs";

/** This package's version: what the gateway calls itself, upstream and downstream. */
export const VERSION: string = readVersion();

/** What it calls itself over HTTP, to whomever it asks: firewalls and some APIs refuse who does not say. RFC 9110 §10.1.5 */
export const USER_AGENT = `portcullis/${VERSION}`;

function readVersion(): string {
  // The same step up from src/ and from dist/.
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed === "object" && parsed !== null && "version" in parsed && typeof parsed.version === "string") {
    return parsed.version;
  }
  throw new Error("package.json names no version");
}
