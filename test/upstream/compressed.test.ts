import { brotliCompressSync, constants, createGzip, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { legacyScript, modernScript, type RawHandler, startRawUpstream } from "../support/raw-upstream.ts";
import { httpUpstream, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();

async function call(handler: RawHandler) {
  const server = closing(await startRawUpstream(handler));
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url)]));
  const up = await upstreamIn(upstreams, "up");
  const round = await up.session(testPeer("p")).request(toolCall("t"));
  return round.kind === "result" ? round.result.bytes.toString() : round;
}

const answered = (id: unknown, text: string): string =>
  JSON.stringify({ jsonrpc: "2.0", id, result: { resultType: "complete", content: [{ type: "text", text }] } });
const LONG = "compressed ".repeat(50_000);

describe.each([
  ["gzip", gzipSync],
  ["x-gzip", gzipSync],
  ["deflate", deflateSync],
  ["br", brotliCompressSync],
] as const)("an answer in %s", (encoding, compress) => {
  it.each([
    ["legacy", legacyScript],
    ["modern", modernScript],
  ] as const)("of a %s server is read", async (_era, script) => {
    const result = await call(
      script((request, response) => {
        response.writeHead(200, { "content-type": "application/json", "content-encoding": encoding });
        response.end(compress(answered(request.body["id"], LONG)));
      }),
    );
    expect(result).toContain(LONG);
  });
});

it("an event stream is read while it goes on", async () => {
  const result = await call(
    modernScript((request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" });
      const gzip = createGzip();
      gzip.pipe(response);
      gzip.write(`data: ${answered(request.body["id"], "streamed")}\n\n`);
      // The stream is not ended: what was written must be enough.
      gzip.flush(constants.Z_SYNC_FLUSH);
    }),
  );
  expect(result).toContain("streamed");
});

it.each<[string, Buffer | string, string, string]>([
  ["larger than is taken once it is unpacked", gzipSync(Buffer.alloc(20_000_000, "1")), "gzip", "UPSTREAM_TOO_LARGE"],
  ["broken", gzipSync("x").subarray(0, 5), "gzip", "UPSTREAM_CLOSED"],
  ["none", "{}", "gzip", "UPSTREAM_CLOSED"],
  ["compressed in an unknown way", "{}", "zstd", "UPSTREAM_INVALID"],
  ["compressed twice", gzipSync(gzipSync("{}")), "gzip, gzip", "UPSTREAM_INVALID"],
])("an answer that is %s is a fault of the server", async (_name, body, encoding, code) => {
  const fault = await call(
    modernScript((_request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-encoding": encoding }).end(body);
    }),
  );
  expect(fault).toMatchObject({ kind: "fault", fault: { code } });
});

describe("what comes to nothing once it is unpacked counts", () => {
  const EMPTY_BLOCK = Buffer.from([0, 0, 0, 0xff, 0xff]);
  const GZIP_HEAD = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
  const NAMED_HEAD = Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]);
  const MANY = 12_000_000;
  const repeat = (part: Buffer): Buffer => Buffer.alloc(MANY, part);

  describe.each([
    ["empty blocks of gzip", "gzip", Buffer.concat([GZIP_HEAD, repeat(EMPTY_BLOCK)])],
    ["empty blocks of deflate", "deflate", Buffer.concat([Buffer.from([0x78, 0x9c]), repeat(EMPTY_BLOCK)])],
    ["empty members of gzip", "gzip", repeat(gzipSync(""))],
    ["a file name without end", "gzip", Buffer.concat([NAMED_HEAD, repeat(Buffer.from("n"))])],
  ] as const)("%s", (_what, encoding, packed) => {
    it.each([
      ["the body", "legacy", legacyScript, "application/json"],
      ["the body", "modern", modernScript, "application/json"],
      ["an event stream", "legacy", legacyScript, "text/event-stream"],
      ["an event stream", "modern", modernScript, "text/event-stream"],
    ] as const)("as %s of a %s server", async (_where, _era, script, type) => {
      const fault = await call(
        script((_request, response) => {
          response.writeHead(200, { "content-type": type, "content-encoding": encoding });
          // The response is not ended: nothing but the bound ends it.
          response.write(packed);
        }),
      );
      expect(fault).toMatchObject({ kind: "fault", fault: { code: "UPSTREAM_TOO_LARGE" } });
    });
  });

  it("but not what events cost that are packed one by one", async () => {
    const result = await call(
      modernScript((request, response) => {
        response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" });
        const gzip = createGzip();
        gzip.pipe(response);
        for (let ping = 0; ping < 2_000; ping++) {
          gzip.write(":\n\n");
          gzip.flush(constants.Z_SYNC_FLUSH);
        }
        gzip.end(`data: ${answered(request.body["id"], "streamed")}\n\n`);
      }),
    );
    expect(result).toContain("streamed");
  });
});
