import { z } from "zod";
import { isPlainAddress } from "../../core/mailbox.ts";

/** Names of upstreams and endpoints: the part of the URL after `/mcp/`, and the part of a tool's name before `__`. */
export const NAME_PATTERN = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** The name of an upstream or an endpoint. */
export const entryName = z.string().regex(NAME_PATTERN, {
  error: "A name has 1 to 32 characters: lower-case letters, digits and hyphens, the first not a hyphen.",
});

/** The name of a flow or a notifier, as policies and flows refer to it. */
export const label = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, {
  error: "A name has 1 to 64 characters: letters, digits, hyphens and underscores, the first a letter or a digit.",
});

/** Text that is not empty. */
export const text = z.string().min(1, { error: "Must not be empty." });

/** An e-mail address that is compared with those of credentials: in a spelling that no other mailbox has, too. */
export const plainAddress = z.string().refine(isPlainAddress, {
  error: "Write a plain e-mail address, as in ann@acme.com: no name, quotes, comments or blanks.",
});

/** Domains: a star stands for whole labels before others, because `*acme.com` is `evilacme.com`, too. `*` is any. */
export const domainGlob = z.string().regex(/^(?:\*|(?:(?:\*|[\p{L}\p{M}\p{N}_-]+)\.)*[\p{L}\p{M}\p{N}_-]+)$/u, {
  error: "Write a domain, as in acme.com, or *.acme.com for all below it: a star stands for whole labels.",
});

/** An absolute http or https URL without user and password. */
export const httpUrl = z.string().refine(isHttpUrl, {
  error: "Write an absolute http:// or https:// URL without user, password and fragment.",
});

/** The value of an HTTP header field. */
export const headerValue = z
  .string()
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, { error: "A header's value is one line of Latin-1 text." });

/** HTTP header fields to send. RFC 9110 §5 */
export const headers = z.record(
  z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, { error: "This is not the name of an HTTP header." }),
  headerValue,
);

/** What the gateway writes itself, or what frames a message. */
const OWN_HEADERS =
  /^(?:connection|content-encoding|content-length|content-type|host|keep-alive|te|trailer|transfer-encoding|upgrade)$/i;

/** Headers to send along with a message that the gateway writes. */
export const sentHeaders = headers.refine((value) => !Object.keys(value).some((name) => OWN_HEADERS.test(name)), {
  error: "Content-Type, Host and what frames a message the gateway writes itself.",
});

/** A host and a port, without a scheme. */
export const hostAndPort = z
  .string()
  .regex(/^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?):[1-9]\d{0,4}$/, {
    error: "Write host:port, without a scheme.",
  })
  .refine((value) => Number(value.slice(value.lastIndexOf(":") + 1)) <= 65_535, { error: "There is no such port." });

/** An origin of web pages, as browsers write it. */
export const origin = z
  .string()
  .refine((value) => parseUrl(value)?.origin === value && value !== "null" && !value.includes("*"), {
    error: "Write an origin: scheme, host and port without a path, such as https://chat.example.com. No wildcards.",
  });

/** The parts of a URL, or `undefined` if it is none. */
export function parseUrl(value: string): URL | undefined {
  return URL.canParse(value) ? new URL(value) : undefined;
}

/** Whether a host name means this machine only: `localhost`, 127/8 or `::1`, brackets allowed. */
export function isLoopbackHost(host: string): boolean {
  return host === "localhost" || /^127(\.\d{1,3}){3}$/.test(host) || host === "::1" || host === "[::1]";
}

/** Removes the slash that ends a base URL, so that paths can be appended. */
export function withoutTrailingSlash(url: string): string {
  return url.endsWith("/") ? url.slice(0, -1) : url;
}

function isHttpUrl(value: string): boolean {
  const url = parseUrl(value);
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) return false;
  return url.username === "" && url.password === "" && url.hash === "";
}
