import { describe, expect, it } from "vitest";
import { headerNameProblem } from "../../src/mcp/headers/header-name.ts";

const REFUSED: ReadonlyArray<readonly [why: string, names: string]> = [
  ["belongs to MCP", "Mcp-Session-Id MCP-Protocol-Version Mcp-Name Mcp-Param-Region mcp-anything-new Last-Event-ID"],
  [
    "carries a credential",
    "Authorization Cookie Set-Cookie WWW-Authenticate Proxy-Authorization Proxy-Authenticate DPoP X-API-Key Api-Key " +
      "X-Auth-Token X-Amz-Security-Token Private-Token X-Client-Secret x-forwarded-access-token X-Goog-Api-Key",
  ],
  [
    "frames the message",
    "Content-Length Content-Type Content-Encoding Transfer-Encoding TE Trailer Connection Keep-Alive Upgrade Expect Accept",
  ],
  [
    "says where the message goes",
    "Host Forwarded X-Forwarded-For X-Forwarded-Host X-Real-IP Via Location Origin Proxy-Connection X-HTTP-Method-Override " +
      "X-Original-URL Sec-Fetch-Site",
  ],
  ["says which web pages", "Access-Control-Allow-Origin Access-Control-Request-Method"],
];

describe("headers that no rule may touch", () => {
  for (const [why, names] of REFUSED) {
    it.each(names.split(" "))(`${why}: %s`, (name) => {
      // As servers spell names when they make variables of them, too.
      for (const spelled of [
        name,
        name.toUpperCase(),
        name.toLowerCase(),
        name.replaceAll("-", "_"),
        name.replaceAll("-", "."),
      ]) {
        expect(headerNameProblem(spelled)).toContain(`${spelled} ${why}`);
      }
    });
  }

  it.each(["", " ", "a b", "a:b", ":authority", "ä", "a\r\nb", "x".repeat(257)])("is not a name at all: %j", (name) => {
    expect(headerNameProblem(name)).toBe("This is not the name of an HTTP header.");
  });

  it.each([
    "X-User",
    "X-Tenant",
    "x-email",
    "User-Agent",
    "Traceparent",
    "Idempotency-Key",
    "X-Request-Id",
    "Accept-Language",
    "Server",
    "X-Powered-By",
    "Retry-After",
    "Cache-Control",
    "X-Token-Count",
    "Via-X",
    "X-Team",
  ])("may be written: %s", (name) => {
    expect(headerNameProblem(name)).toBeUndefined();
  });
});
