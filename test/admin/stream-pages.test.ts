import { afterEach, describe, expect, it } from "vitest";
import { streamPages } from "../../src/admin/http/stream-pages.ts";
import { createHttpServer, type HttpServer } from "../../src/main/http-server.ts";
import { open } from "../support/raw-mcp.ts";

/** Pages that count what was made of them. */
function counted(pages: number, failAt = Number.POSITIVE_INFINITY) {
  const made = { pages: 0, ended: false };
  async function* make(): AsyncGenerator<string> {
    try {
      for (let page = 0; page < pages; page += 1) {
        if (page === failAt) throw new Error("the store is gone");
        made.pages += 1;
        yield "x".repeat(100_000);
      }
    } finally {
      made.ended = true;
    }
  }
  return { made, make };
}

const never = (): void => {
  throw new Error("There is no fault.");
};

describe("a stream of pages", () => {
  it("makes a page only when the one before is taken", async () => {
    const { made, make } = counted(1_000);
    const reader = (await streamPages(make(), never)).getReader();
    expect(made.pages).toBe(1);
    for (let taken = 1; taken <= 5; taken += 1) {
      await reader.read();
      expect(made.pages).toBe(taken);
    }
    await reader.cancel();
    expect(made.ended).toBe(true);
  });

  it("throws what the first page throws, before anything is answered", async () => {
    await expect(streamPages(counted(5, 0).make(), never)).rejects.toThrow("the store is gone");
  });
});

describe("over HTTP", () => {
  let server: HttpServer | undefined;
  afterEach(() => server?.close());

  async function serve(make: () => AsyncIterable<string>): Promise<number> {
    server = createHttpServer(async (_request, { incoming }) => {
      return new Response(await streamPages(make(), () => incoming.socket.destroy()));
    });
    const listening = await server.listen({ host: "127.0.0.1", port: 0 });
    if (!listening.ok) throw new Error(listening.error);
    return listening.port;
  }

  it("a reader that stops holds the pages up, and gets them all when it goes on", async () => {
    const { made, make } = counted(500);
    const port = await serve(make);
    const stream = await open(port, { method: "GET", path: "/" });
    stream.pause();
    stream.abort();
    await stream.ended;
    expect(made.pages).toBeLessThan(500);
    const whole = await open(port, { method: "GET", path: "/" });
    await whole.ended;
    expect(whole.text()).toHaveLength(500 * 100_000);
  });

  it("what breaks off in the middle does not look whole", async () => {
    const { make } = counted(50, 20);
    const port = await serve(make);
    await expect(fetch(`http://127.0.0.1:${port}/`).then((response) => response.text())).rejects.toThrow("terminated");
  });
});
