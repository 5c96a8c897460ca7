import { expect, it } from "vitest";
import { adviceFor } from "../../../src/console/upstreams/advice.ts";

it.each([
  ["connect ECONNREFUSED 127.0.0.1:9", "Nothing listens there."],
  ["getaddrinfo ENOTFOUND crm.test", "Its name cannot be looked up"],
  ["UND_ERR_CONNECT_TIMEOUT: Connect Timeout Error", "No way leads there."],
  ["HTTP 401: it refused the gateway's credential. Check the headers configured for it.", "Put the right credential"],
  ["HTTP 403: it refused the gateway, for which no credential is configured.", "a firewall before it"],
  ["HTTP 404 without a JSON-RPC response.", "is no MCP endpoint"],
  ["The last call to it failed. HTTP 200 without a JSON-RPC response.", "What answers there speaks no MCP."],
  ["The last call to it failed. Its result is not JSON.", "as soon as the server answers anything"],
  ["HTTP 503.", "The server itself fails."],
  ["Cannot start: spawn nod ENOENT", "Its command cannot be run."],
  ["Cannot start: its cwd is no folder: /opt/ssl/ENOTFOUND", "Create that folder"],
  ["Its process exited (code 1).", "Its program ended."],
  ["No answer within 60000 ms.", "It is too slow, or hangs."],
  ["DEPTH_ZERO_SELF_SIGNED_CERT: self-signed certificate", "Its certificate is not trusted."],
  ["something else", "The gateway's log has more."],
])("%s: what to do is told", (reason, advice) => {
  expect(adviceFor(reason)).toContain(advice);
});
