/*
 * Receives notifications of a gateway, and believes only those that it signed.
 *
 *   WEBHOOK_SECRET=whsec_… node examples/approvals/receive-webhook.mjs 4000
 */
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const MAX_BYTES = 64 * 1024;
const webhook = new Webhook(process.env["WEBHOOK_SECRET"] ?? "");

const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) {
    body += chunk;
    if (body.length > MAX_BYTES) return response.writeHead(413).end();
  }
  let event;
  try {
    // Checks the signature over the very bytes, and that the message is not older than five minutes.
    event = webhook.verify(body, request.headers);
  } catch {
    return response.writeHead(401).end();
  }
  // The same message may come twice, under the same `webhook-id`: remember those that you have seen.
  const { id, upstream, subject, requester, state, url } = event.data;
  console.log(
    `${event.type}: ${requester} asks for the ${subject.kind} ${upstream}/${subject.name}, ${id} is ${state}. ${url}`,
  );
  // Anything but 2xx, and it comes again; 410 ends it for good.
  return response.writeHead(204).end();
});
server.listen(Number(process.argv[2] ?? 4000), "127.0.0.1", () => {
  console.log(`Listening on http://127.0.0.1:${server.address().port}`);
});
