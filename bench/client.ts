import { Agent, request } from "node:http";

/** An answer, read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Asks over connections that are kept. */
export interface Client {
  get(url: string, headers: Record<string, string>): Promise<Answer>;
  post(url: string, body: string, headers: Record<string, string>): Promise<Answer>;
  close(): void;
}

/** A client with at most `connections` connections. */
export function createClient(connections: number): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const send = (method: string, url: string, headers: Record<string, string>, body?: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const outgoing = request(url, { method, headers, agent, timeout: 10_000 }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () => {
          const { statusCode = 0, headers } = response;
          resolve({ status: statusCode, headers, body: Buffer.concat(chunks).toString("utf8") });
        });
      });
      outgoing.once("timeout", () => outgoing.destroy(new Error(`${url} did not answer within 10 s`)));
      outgoing.once("error", reject);
      outgoing.end(body);
    });
  return {
    get: (url, headers) => send("GET", url, headers),
    post: (url, body, headers) => send("POST", url, headers, body),
    close: () => agent.destroy(),
  };
}

/** A value of `sorted` such that the given share of them is not greater. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
