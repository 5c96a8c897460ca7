import { Agent, request } from "node:http";

/** An answer, read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Posts over connections that are kept. */
export interface Client {
  post(url: string, body: string, headers: Record<string, string>): Promise<Answer>;
  close(): void;
}

/** A client with at most `connections` connections. */
export function createClient(connections: number): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return {
    post: (url, body, headers) =>
      new Promise((resolve, reject) => {
        const outgoing = request(url, { method: "POST", headers, agent, timeout: 10_000 }, (response) => {
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
      }),
    close: () => agent.destroy(),
  };
}

/** A value of `sorted` such that the given share of them is not greater. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
