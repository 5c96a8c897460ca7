import { createInterface } from "node:readline";
import { killGroup, startGroup } from "./run-command.ts";

/** How to start a server over stdio. */
export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Somebody to send requests to: the server itself, or the gateway in front of it. */
export interface Peer {
  /** The text of the whole answer. @throws if there is none */
  ask(method: string, params: object): Promise<string>;
  close(): Promise<void>;
}

/** All of them, as the gateway declares them where it reads lists: some servers hide tools from who has fewer. */
const CAPABILITIES = {
  elicitation: { form: {}, url: {} },
  sampling: { context: {}, tools: {} },
  roots: { listChanged: false },
};

/** Starts a server, shakes hands as a client of 2025-11-25 and speaks with it line by line. @throws if it does not answer */
export async function connectStdio(server: ServerCommand, timeoutMs: number): Promise<Peer> {
  const child = startGroup(server.command, server.args, { cwd: server.cwd, env: server.env });
  const waiting = new Map<unknown, (text: string) => void>();
  let complaint = "";
  let fail: (why: string) => void = () => {};
  const broken = new Promise<never>((_, reject) => {
    fail = (why) => reject(new Error(`${why}: ${complaint.slice(-1_500)}`));
  });
  broken.catch(() => {});
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(-4_000);
  });
  child.once("error", (error) => fail(String(error)));
  child.once("close", (code, signal) => fail(`The server ended with ${code ?? signal}`));

  const write = (message: object): void =>
    void child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  createInterface({ input: child.stdout }).on("line", (line) => {
    const message = readMessage(line);
    if (message === undefined) return;
    const { id, method } = message;
    if (typeof method !== "string") waiting.get(id)?.(line);
    else if (id !== undefined) write({ id, ...answerTo(method) });
  });

  let count = 0;
  async function ask(method: string, params: object): Promise<string> {
    count += 1;
    const id = count;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`No answer to ${method} within ${timeoutMs / 1000} s: ${complaint}`)),
        timeoutMs,
      );
    });
    try {
      const answer = new Promise<string>((resolve) => waiting.set(id, resolve));
      write({ id, method, params });
      return await Promise.race([answer, broken, late]);
    } finally {
      clearTimeout(timer);
      waiting.delete(id);
    }
  }

  async function close(): Promise<void> {
    child.stdin.end();
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 1_500))]);
    killGroup(child);
    await ended;
  }

  try {
    const clientInfo = { name: "portcullis-compat", version: "1.0.0" };
    await ask("initialize", { protocolVersion: "2025-11-25", capabilities: CAPABILITIES, clientInfo });
    write({ method: "notifications/initialized" });
    return { ask, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function readMessage(line: string): { readonly id?: unknown; readonly method?: unknown } | undefined {
  try {
    const message: unknown = JSON.parse(line);
    return typeof message === "object" && message !== null ? message : undefined;
  } catch {
    // Some servers greet on standard output.
    return undefined;
  }
}

function answerTo(method: string): object {
  if (method === "ping") return { result: {} };
  if (method === "roots/list") return { result: { roots: [] } };
  return { error: { code: -32601, message: "Not here." } };
}
