import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { statSync } from "node:fs";
import { getDefaultEnvironment } from "@modelcontextprotocol/sdk/client/stdio.js";
import { doneWithin } from "../../core/deadline.ts";
import type { Log } from "../../core/log.ts";
import { describeError } from "../messages/fault.ts";
import { drain } from "../waiting/drain.ts";
import { CHILD_MARK, type Children } from "./children.ts";
import { createLastWords, type LastWords } from "./last-words.ts";
import { createLineSplitter } from "./line-splitter.ts";
import type { MessageChannel, MessageChannelEvents, OpenChannel, SendResult } from "./message-channel.ts";
import { HAS_GROUPS, ProcessGroup } from "./process-group.ts";
import { createStderrLog } from "./stderr-log.ts";
import { StdinQueue } from "./stdin-queue.ts";

export interface StdioChannelOptions {
  readonly upstream: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the few variables that a child needs to run at all (PATH, HOME, …); nothing else is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
  readonly maxLineBytes: number;
  /** How long the child and all that it started may take to end after its input closed, and again after SIGTERM. */
  readonly killMs: number;
  readonly children: Children;
  /** Takes out of a text what is secret. */
  readonly mask: (text: string) => string;
  readonly log: Log;
  readonly now: () => number;
}

/** How long the exit of a child is waited for whose input broke: it says more than the pipe. */
const EXIT_MS = 1_000;

/** How long output that a child left behind is waited for after its exit. */
const DRAIN_MS = 500;

/** Starts a child process and speaks newline-delimited JSON with it. 2025-11-25 and 2026-07-28, "stdio". */
export function openStdio(options: StdioChannelOptions): OpenChannel {
  return (events) =>
    new Promise((resolve) => {
      const { mark } = options.children;
      const failed = (error: unknown): void => {
        const why = isFolder(options.cwd) ? describeError(error) : `its cwd is no folder: ${options.cwd}`;
        resolve({ ok: false, detail: options.mask(`Cannot start: ${why}`) });
      };
      let child: ChildProcessWithoutNullStreams;
      try {
        child = spawn(options.command, [...options.args], {
          env: { ...getDefaultEnvironment(), ...options.env, ...(mark === undefined ? {} : { [CHILD_MARK]: mark }) },
          cwd: options.cwd,
          // The leader of a group, which ends as a whole. On Windows it would get a window instead.
          detached: HAS_GROUPS,
          stdio: ["pipe", "pipe", "pipe"],
          windowsHide: true,
        });
      } catch (error) {
        // What Node tells at once: a folder that is a file, text that no program can be given.
        return failed(error);
      }
      child.once("error", failed);
      child.once("spawn", () => {
        child.off("error", failed);
        resolve({ ok: true, channel: new StdioChannel(child, options, events) });
      });
    });
}

// Node blames the command where it is the folder that is missing.
function isFolder(path: string | undefined): boolean {
  if (path === undefined) return true;
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    // It may be one that cannot be looked at: what starting it came to says so.
    return true;
  }
}

const always = (): boolean => true;

class StdioChannel implements MessageChannel {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #group: ProcessGroup;
  readonly #options: StdioChannelOptions;
  readonly #input: StdinQueue;
  readonly words: LastWords;
  readonly #ended: Promise<void>;
  #closing: Promise<void> | undefined;
  /** Not once it has ended: what it wrote last is as much as a pipe holds. */
  #mayRest = true;

  constructor(child: ChildProcessWithoutNullStreams, options: StdioChannelOptions, events: MessageChannelEvents) {
    this.#child = child;
    this.#options = options;
    this.#group = new ProcessGroup(child);
    options.children.add(this.#group);
    this.#input = new StdinQueue(child.stdin);
    this.words = createLastWords(options.mask);
    const { upstream, log } = options;
    child.stdout.on(
      "data",
      createLineSplitter({
        maxBytes: options.maxLineBytes,
        onLine: (line) => events.onMessage(line),
        onOversize: (edges) => events.onOversize(edges),
      }),
    );
    const { words } = this;
    const stderr = createStderrLog(child.stderr, { upstream, log, now: options.now, words });
    child.stderr.on("data", (chunk: Buffer) => stderr.take(chunk));
    // A pipe that breaks is the child's end seen from the other side; the exit itself says more.
    for (const pipe of [child.stdin, child.stdout, child.stderr]) {
      pipe.on("error", (error) => log.debug({ upstream, err: error }, "A pipe to an upstream's process broke."));
    }
    let resolve = (): void => {};
    this.#ended = new Promise((ended) => {
      resolve = ended;
    });
    let ended = false;
    const end = (detail: string): void => {
      if (ended) return;
      ended = true;
      stderr.end();
      if (this.#closing === undefined) events.onClosed(words.after(detail));
      resolve();
    };
    child.on("error", (error) => log.warn({ upstream, err: error }, "An upstream's process could not be signalled."));
    child.once("exit", (code, signal) => {
      const how = signal === null ? `code ${code}` : signal;
      const detail = `Its process exited (${how}).`;
      this.#mayRest = false;
      this.resume();
      // What it wrote last is still in the pipe, and may be the answer to a call; a grandchild may hold the pipe.
      const timer = setTimeout(() => end(detail), DRAIN_MS);
      child.once("close", () => {
        clearTimeout(timer);
        end(detail);
      });
    });
  }

  async send(text: string, isWanted = always): Promise<SendResult> {
    try {
      return await this.#input.send(text, isWanted);
    } catch (error) {
      if (this.#closing === undefined) await doneWithin(EXIT_MS, this.#ended);
      throw error;
    }
  }

  pause(): void {
    if (this.#mayRest) this.#child.stdout.pause();
  }

  resume(): void {
    this.#child.stdout.resume();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  // 2026-07-28 basic/transports/stdio, "Shutdown": close the input, wait, SIGTERM, wait, SIGKILL. Also where the child has
  // ended by itself: what it started may go on.
  async #close(): Promise<void> {
    const { killMs, children, upstream, log } = this.#options;
    const child = this.#child;
    const group = this.#group;
    this.#mayRest = false;
    drain(child.stdout);
    this.resume();
    this.#input.end();
    if (!(await group.emptyWithin(killMs))) {
      group.signal("SIGTERM");
      // Again and again: whoever forks may have forked.
      const ended =
        (await group.emptyWithin(killMs)) || (await group.emptyWithin(killMs, () => group.signal("SIGKILL")));
      if (!ended) log.warn({ upstream, pid: child.pid }, "Processes of an upstream do not end.");
    }
    // Somebody outside of the group may hold them open, for ever.
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
    child.unref();
    children.remove(group);
  }
}
