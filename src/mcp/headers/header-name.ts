// RFC 9110 §5.1: a name is a token.
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/;

interface Family {
  readonly why: string;
  readonly names: ReadonlySet<string>;
  readonly prefixes: readonly string[];
  readonly suffixes: readonly string[];
}

const words = (list: string) => new Set(list.split(" "));

/** One row per reason; the first that has a name gives it. Names are folded: see `folded`. */
const FAMILIES: readonly Family[] = [
  { why: "belongs to MCP", names: words("last-event-id"), prefixes: ["mcp-"], suffixes: [] },
  {
    why: "carries a credential",
    names: words(
      "authorization cookie cookie2 set-cookie set-cookie2 www-authenticate authentication-info dpop " +
        "api-key apikey token secret password passwd credential credentials",
    ),
    prefixes: [],
    suffixes:
      "-authorization -cookie -authenticate -api-key -apikey -token -secret -password -passwd -credential -credentials -access-key".split(
        " ",
      ),
  },
  {
    why: "frames the message",
    names: words(
      "content-length content-type content-encoding content-range transfer-encoding te trailer connection keep-alive upgrade " +
        "http2-settings expect range accept accept-encoding accept-ranges",
    ),
    prefixes: [],
    suffixes: [],
  },
  {
    why: "says where the message goes or whence it comes",
    names: words(
      "host forwarded via location alt-svc alt-used max-forwards origin referer x-real-ip x-client-ip x-cluster-client-ip " +
        "true-client-ip cf-connecting-ip x-original-url x-original-host x-original-uri x-original-method x-rewrite-url x-host " +
        "x-http-host-override x-http-method x-http-method-override x-method-override",
    ),
    prefixes: ["x-forwarded-", "x-envoy-", "proxy-", "x-proxy-", "sec-"],
    suffixes: [],
  },
  {
    why: "says which web pages may read the answer",
    names: words("cross-origin-resource-policy timing-allow-origin"),
    prefixes: ["access-control-"],
    suffixes: [],
  },
];

// Servers behind CGI and its heirs read `X.Api_Key` as `X-Api-Key`.
const folded = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, "-");

/**
 * Why no rule or policy may write, add or take away a header of this name, on the way to a server or back; `undefined` where it
 * may. What authenticates, routes, frames or belongs to the protocol is the gateway's own. @throws never
 */
export function headerNameProblem(name: string): string | undefined {
  if (!TOKEN.test(name)) return "This is not the name of an HTTP header.";
  const known = folded(name);
  const family = FAMILIES.find(
    (row) =>
      row.names.has(known) ||
      row.prefixes.some((prefix) => known.startsWith(prefix)) ||
      row.suffixes.some((suffix) => known.endsWith(suffix)),
  );
  return family && `The header ${name} ${family.why}; no rule may set, add or remove it.`;
}
