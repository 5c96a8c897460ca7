import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { isObject, type JsonObject } from "../../src/core/json.ts";
import { testProgram } from "./built.ts";
import { type Program, startProgram } from "./program.ts";
import { answer, modernScript, startRawUpstream } from "./raw-upstream.ts";
import { createUsers, type Users } from "./users.ts";

/** Numbers from 0 to 1, the same for the same seed. */
export type Chance = () => number;

/** Mulberry32. */
export function seededChance(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Resolves after `ms`: the moment at which something is to strike. */
export function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A server that counts every call by the request that it was approved with, and never forgets one. */
export interface CountingUpstream {
  readonly url: string;
  /** Calls by the id of their request; `""` for those that came without one. */
  readonly counts: ReadonlyMap<string, number>;
  /** Resolves when the next call arrives. */
  nextCall(): Promise<void>;
  close(): Promise<void>;
}

/** So long it takes at most to answer, so that a kill may strike in the middle. */
export const ANSWER_MS = 60;

/** The tools: `pay` is run by whoever asks, `pay_at_once` by the gateway. */
export const RACE_TOOLS = ["pay", "pay_at_once"] as const;

export async function startCountingUpstream(chance: Chance): Promise<CountingUpstream> {
  const counts = new Map<string, number>();
  let heard = (): void => {};
  const upstream = await startRawUpstream(
    modernScript((request, response) => {
      const { params } = request.body;
      if (request.method !== "tools/call" || !isObject(params)) {
        const tools = RACE_TOOLS.map((name) => ({ name, inputSchema: { type: "object" } }));
        answer(request, response, { resultType: "complete", tools, ttlMs: 0, cacheScope: "private" });
        return;
      }
      const meta = isObject(params["_meta"]) ? params["_meta"] : {};
      const id = String(meta["portcullis/request"] ?? "");
      counts.set(id, (counts.get(id) ?? 0) + 1);
      heard();
      const text = `paid ${JSON.stringify(params["arguments"])} for ${id}`;
      const content = [{ type: "text", text }];
      setTimeout(() => answer(request, response, { resultType: "complete", content }), chance() * ANSWER_MS);
    }),
  );
  const nextCall = (): Promise<void> =>
    new Promise((resolve) => {
      heard = resolve;
    });
  return { url: upstream.url, counts, nextCall, close: () => upstream.close() };
}

const POLICIES = `policies:
  - { id: asked, target: { tools: ["bank/pay"] }, then: { request_approval: { flow: asked } } }
  - { id: at-once, target: { tools: ["bank/pay_at_once"] }, then: { request_approval: { flow: at-once } } }
`;

export type RacePeople = Users<string>;

/**
 * Who takes part: `fin` approves, and each round has an asker of its own. Clients that ask once more after the end have
 * their requests taken back, and a person who takes back twenty within an hour may ask no more.
 */
export function racePeople(rounds: number): RacePeople {
  const askers = Array.from({ length: rounds }, (_, index) => [askerOf(index + 1), ["employee"]]);
  return createUsers(Object.fromEntries([...askers, ["fin", ["finance-lead"]]]));
}

/** Who asks in round `n`. */
export function askerOf(n: number): string {
  // Of one length: keys are filled up with zeros, and no two may become the same.
  return `ann${String(n).padStart(6, "0")}`;
}

/** Writes what two gateways share: configuration, policies, and the folder of their database. */
export function writeRaceFiles(dir: string, upstream: string, people: RacePeople): string {
  const flow = { stages: [{ approvers: { roles: ["finance-lead"] } }] };
  const config: JsonObject = {
    server: { port: 0 },
    auth: { api_keys: people.auth.api_keys.map((key) => ({ ...key, roles: [...key.roles] })) },
    approval_flows: { asked: flow, "at-once": { ...flow, execute: "on_approval" } },
    upstreams: { bank: { url: upstream } },
    store: { url: `file:${databaseIn(dir)}` },
  };
  const file = join(dir, "portcullis.yaml");
  mkdirSync(join(dir, "policies"));
  writeFileSync(join(dir, "policies", "race.yaml"), POLICIES);
  writeFileSync(file, stringify(config));
  return file;
}

/** Where its database is. */
export function databaseIn(dir: string): string {
  return join(dir, "portcullis.db");
}

/** A gateway that is killed and comes back, each time on another port. */
export interface RacingGateway {
  /** Where it is; waits while it is coming back. */
  port(): Promise<number>;
  /** SIGKILL, at once. Resolves when it is gone; by then the next one is on its way. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

/** Starts one on these files. */
export function startRacingGateway(name: string, file: string): RacingGateway {
  const start = (): Promise<Program> =>
    startProgram({
      name,
      command: process.execPath,
      args: [testProgram("race-gateway"), file],
      ready: /ready (\d+)/,
      readyMs: 60_000,
    });
  let program = start();
  return {
    port: async () => Number((await program).ready?.[1]),
    async kill() {
      const { pid, stop } = await program;
      process.kill(pid, "SIGKILL");
      program = stop().then(start);
      await stop();
    },
    close: async () => (await program).stop(10_000),
  };
}
