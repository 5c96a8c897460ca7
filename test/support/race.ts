import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isObject, type JsonObject } from "../../src/core/json.ts";
import { eventually } from "./eventually.ts";
import { add, countRace, createTally, type RaceCounts, type RaceTally, stateOf } from "./race-counts.ts";
import {
  ANSWER_MS,
  after,
  askerOf,
  type Chance,
  type CountingUpstream,
  RACE_TOOLS,
  type RacePeople,
  type RacingGateway,
  racePeople,
  seededChance,
  startCountingUpstream,
  startRacingGateway,
  writeRaceFiles,
} from "./race-parts.ts";
import { modern, type RawRequest, send } from "./raw-mcp.ts";

export interface RaceOptions {
  /** Approvals, each with a kill. */
  readonly rounds: number;
  readonly seed: number;
  /** Hears of each round when it is over. */
  readonly say?: (line: string) => void;
}

const CLIENTS = 50;
/** Within so long the approval is given, and the kill strikes, counted from when the request is there. */
const APPROVE_MS = 40;
const KILL_MS = 120;
const ROUND_MS = 60_000;

interface Racing extends RaceTally {
  readonly upstream: CountingUpstream;
  readonly gateways: readonly RacingGateway[];
  readonly chance: Chance;
  readonly people: RacePeople;
  /** The gateways are gone for good. */
  over: boolean;
}

/**
 * Fifty clients with one and the same call against two gateways on one database, of which one or both are killed at some
 * moment around the approval. The clients go on until one of them knows the end. @throws when nobody gets to know it
 */
export async function runRace({ rounds, seed, say = () => {} }: RaceOptions): Promise<RaceCounts> {
  const chance = seededChance(seed);
  const dir = mkdtempSync(join(tmpdir(), "portcullis-race-"));
  const upstream = await startCountingUpstream(seededChance(seed + 1));
  const people = racePeople(rounds);
  const file = writeRaceFiles(dir, upstream.url, people);
  const first = startRacingGateway("the first gateway", file);
  // One after the other, as one of them creates the database and its key.
  await first.port();
  const gateways = [first, startRacingGateway("the second gateway", file)];
  const race: Racing = { upstream, gateways, chance, people, over: false, ...createTally() };
  try {
    const ids: string[] = [];
    for (let n = 1; n <= rounds; n += 1) {
      const id = await playRound(race, n).catch((err: unknown) => {
        const { ends, again, lost } = race;
        const told = JSON.stringify({ ends: Object.fromEntries(ends), again: Object.fromEntries(again), lost });
        throw new Error(`Round ${n} did not end. So far clients were told: ${told}`, { cause: err });
      });
      ids.push(id);
      say(`${n}: ${stateOf(dir, id)}, reached the server ${upstream.counts.get(id) ?? 0} times`);
    }
    return countRace(race, dir, ids, upstream.counts);
  } finally {
    race.over = true;
    await Promise.all(gateways.map((gateway) => gateway.close()));
    await upstream.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** One approval from the first call to the last answer; the id of its request. */
async function playRound(race: Racing, n: number): Promise<string> {
  const { gateways, chance } = race;
  await Promise.all(gateways.map((gateway) => gateway.port()));
  const tool = RACE_TOOLS[chance() < 0.5 ? 0 : 1];
  const round: Round = { n, tool, over: false };
  const clients = Promise.all(Array.from({ length: CLIENTS }, () => callUntilEnd(race, round)));
  const opened = eventually(async () => (await listed(race, "fin", "decidable=true&state=pending"))?.[0]?.id, ROUND_MS);
  // Whichever fails first is told.
  const id = await Promise.race([opened, clients.then(() => opened)]);
  const [approveAt, killAt, when, which] = [chance() * APPROVE_MS, chance(), chance(), chance()];
  const victims = which < 0.3 ? gateways.slice(0, 1) : which < 0.6 ? gateways.slice(1) : gateways;
  // Around the approval, or while the server works, which is where a kill does the most harm.
  const running = when < 0.5 ? undefined : race.upstream.nextCall();
  const kill = async (): Promise<void> => {
    if (running !== undefined) await Promise.race([running, clients]);
    await after(killAt * (running === undefined ? KILL_MS : ANSWER_MS));
    race.kills += victims.length;
    await Promise.all(victims.map((victim) => victim.kill()));
  };
  const approve = async (): Promise<void> => {
    await after(approveAt);
    await eventually(() => approved(race, id), ROUND_MS);
  };
  await Promise.all([kill(), approve()]);
  let all = false;
  void clients.finally(() => {
    all = true;
  });
  // Who asks once more after somebody was told opens another request, as it should be. Nobody approves those.
  const strays = eventually(async () => {
    if (all) return true;
    if (round.over) await cancelOthers(race, n, id);
    else await after(20);
    return undefined;
  }, ROUND_MS);
  await Promise.all([clients, strays]);
  await cancelOthers(race, n, id);
  return id;
}

interface Round {
  readonly n: number;
  readonly tool: (typeof RACE_TOOLS)[number];
  /** Somebody was told how it ended. */
  over: boolean;
}

/** One client: calls, comes back with the state that it is given, and calls again when it was left without an answer. */
async function callUntilEnd(race: Racing, round: Round): Promise<void> {
  let state: JsonObject = {};
  for (;;) {
    const port = await anyPort(race);
    if (race.over) return;
    if (round.over && state["requestState"] === undefined) return add(race.ends, "left");
    const params = { name: `bank__${round.tool}`, arguments: { n: round.n }, ...state };
    const result = await answered(race, port, askerOf(round.n), modern("tools/call", params));
    state = {};
    if (result === undefined) continue;
    if (result["resultType"] === "input_required") {
      state = { requestState: result["requestState"] };
      continue;
    }
    const text = JSON.stringify(result["content"]);
    const { state: approval } = objectIn(objectIn(result["_meta"])["portcullis/approval"]);
    if (approval === "pending" || approval === "approved" || approval === "executing") {
      add(race.again, `Told that it is ${approval}`);
    } else if (approval === undefined && !text.includes("paid")) {
      // It stays approved, and whoever asks next has it run.
      add(race.again, text);
    } else {
      const end = String(approval ?? "the result");
      add(race.ends, end);
      if (end !== "cancelled") round.over = true;
      return;
    }
  }
}

/** The result of a request; `undefined` if none came. */
async function answered(race: Racing, port: number, by: string, request: RawRequest): Promise<JsonObject | undefined> {
  try {
    const headers = { ...request.headers, Authorization: race.people.bearer(by).authorization };
    const { json } = await send(port, { ...request, headers });
    // The API answers without an envelope.
    if (request.path !== undefined) return json;
    if (isObject(json["result"])) return json["result"];
    if (isObject(json["error"])) add(race.again, String(json["error"]["message"]));
    else race.lost += 1;
  } catch (err) {
    // Refused, reset, or cut off in the middle: it was killed.
    const broken = err instanceof Error && ("code" in err || err instanceof SyntaxError);
    if (!broken) throw err;
    race.lost += 1;
  }
  return undefined;
}

async function anyPort({ gateways, chance }: Racing): Promise<number> {
  // Whichever is there; if neither is, the first to come back.
  const start = chance() < 0.5 ? 0 : 1;
  const ordered = [...gateways.slice(start), ...gateways.slice(0, start)];
  return Promise.race(ordered.map((gateway) => gateway.port()));
}

async function listed(race: Racing, by: string, query: string): Promise<readonly Listed[] | undefined> {
  const path = `/api/v1/approvals?${query}`;
  const body = await answered(race, await anyPort(race), by, { method: "GET", path });
  const items = body?.["items"];
  return Array.isArray(items) ? items.filter(isObject).map((item) => ({ id: String(item["id"]) })) : undefined;
}

interface Listed {
  readonly id: string;
}

/** Says yes as the finance lead, until it is known that it was heard. */
async function approved(race: Racing, id: string): Promise<true | undefined> {
  const path = `/api/v1/approvals/${id}`;
  const seen = await answered(race, await anyPort(race), "fin", { method: "GET", path });
  if (seen === undefined || typeof seen["state"] !== "string") return undefined;
  if (seen["state"] !== "pending") return true;
  const body = { decision: "approve", version: Number(seen["version"]), arguments_digest: seen["arguments_digest"] };
  const request = { path: `${path}/decision`, body: { ...body, arguments_digest: String(body.arguments_digest) } };
  const said = await answered(race, await anyPort(race), "fin", request);
  return said?.["state"] === "approved" ? true : undefined;
}

async function cancelOthers(race: Racing, n: number, id: string): Promise<void> {
  const open = await listed(race, askerOf(n), "mine=true&state=pending,approved");
  for (const other of open ?? []) {
    if (other.id === id) continue;
    await answered(race, await anyPort(race), askerOf(n), { path: `/api/v1/approvals/${other.id}/cancel`, body: {} });
  }
}

function objectIn(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}
