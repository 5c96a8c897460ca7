/** What to do about the reason why a server cannot be reached; the first that fits. */
const ADVICE: readonly (readonly [reason: RegExp, what: string])[] = [
  // Behind these stand paths, in which any word may stand.
  [/Cannot start: its cwd/, "Create that folder, or mend its cwd."],
  [/Cannot start/, "Its command cannot be run. Check that it is installed, and its path."],
  [/ECONNREFUSED/, "Nothing listens there. Start the server, or mend the port in its URL."],
  [/ENOTFOUND|EAI_AGAIN/, "Its name cannot be looked up from here. Check the host in its URL, and this machine's DNS."],
  [
    /EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT/,
    "No way leads there. Check the network and firewalls.",
  ],
  [
    /CERT|certificate|SSL|TLS/i,
    "Its certificate is not trusted. Mend it, or name its authority in NODE_EXTRA_CA_CERTS.",
  ],
  [
    /HTTP (401|403|407): it refused the gateway, for/,
    "Put a credential into its headers if it wants one. If not, ask who runs it, or a firewall before it, what they refuse.",
  ],
  [/HTTP (401|403|407)/, "Put the right credential into its headers."],
  [/HTTP 3\d\d/, "Write the address that it redirects to."],
  [/HTTP (404|405|400)/, "The address answers, but is no MCP endpoint. Most servers have it at /mcp or /sse."],
  [/HTTP 429/, "It has too much to do. The gateway tries again by itself."],
  [/HTTP 5\d\d/, "The server itself fails. Its own log says why."],
  [/process exited/, "Its program ended. What it wrote last is shown with it; the gateway's log has more."],
  [/No answer within|not done within/, "It is too slow, or hangs. Look at its log, or raise its timeout."],
  [
    /HTTP 2\d\d without/,
    "What answers there speaks no MCP. Often a page for signing in, or a proxy, stands before it: open its URL in a browser.",
  ],
  [/public|address/i, "Use a public address, or allow this one under registration.addresses."],
  [/^The last (call|test)/, "The gateway's log has more. It is cleared as soon as the server answers anything."],
];

/** What an operator can do about `reason`, the last error of a server that is not ready. */
export function adviceFor(reason: string): string {
  // Below the first line stands what a program wrote, which may be about anything.
  const what = reason.split("\n", 1)[0] ?? "";
  const found = ADVICE.find(([pattern]) => pattern.test(what));
  return found === undefined ? "The gateway's log has more. It tries again by itself." : found[1];
}
