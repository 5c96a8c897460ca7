/**
 * How long one hostile call, or one hostile file that is taken up, can keep everybody else waiting: for each the longest time
 * that `/healthz` of the same gateway took to answer meanwhile, asked all the time from a thread of its own.
 *
 *   npx tsx bench/stalls.ts [--dist] [--ci] [--only TEXT]
 *
 * `--only` tries those alone whose names have this text. `--ci` fails where an input holds the gateway for more than ten times what it aims at, 50 ms, on a machine that
 * counts as fast as the one that the aim was set on; a slower one, or one that is busy, is given more.
 */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import type { Program } from "../test/support/program.ts";
import { createClient } from "./client.ts";
import { echoBody, echoHeaders } from "./echo-call.ts";
import { table } from "./report.ts";
import { withGateway } from "./scratch.ts";

const { values: options } = parseArgs({
  options: {
    dist: { type: "boolean", default: false },
    ci: { type: "boolean", default: false },
    only: { type: "string", default: "" },
  },
});

const AIM_MS = 50;
/** What `calibrate` takes where the aim was set. */
const CALIBRATION_MS = 60;

const QUADRATIC = "args.n.exists(x, args.n.exists(y, x + y > 5000.0))";
const POLICIES = `policies:
${Array.from({ length: 200 }, (_, i) => `  - { id: pair-${i}, when: 'has(args.n) && ${QUADRATIC}', then: { deny: {} } }`).join("\n")}
  - { id: search, when: 'has(args.s) && args.s.matches("(?i)drop.*table")', then: { deny: {} } }
  - { id: machine, when: 'has(args.m) && args.m.matches("(?:a|b)*a(?:a|b){60}[xy]")', then: { deny: {} } }
  - { id: span, when: 'has(args.d) && duration(args.d) > duration("1s")', then: { deny: {} } }
  - { id: wait, when: has(args.wait), then: { request_approval: { flow: single } } }
  - { id: out, then: { redact: { detect: [email, credit_card, phone, iban, us_ssn, jwt, private_key, cloud_key] } } }
`;

const numbers = Array.from({ length: 1000 }, (_, index) => index);
const texts = (unit: string): string[][] => Array.from({ length: 3 }, () => Array(50).fill(unit.repeat(200)));
const object = <T>(count: number, key: (index: number) => string, value: (index: number) => T) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [key(index), value(index)]));
/** 500 members that may each list the names of columns, and 100 such names in each. */
const headings = (unit: string, length: number) =>
  object(
    500,
    (n) => `a${n} columns`,
    (n) => Array.from({ length: 100 }, (_, m) => `n${n}n${m}`.padEnd(length, unit)),
  );
const WIDE = {
  pin: "y",
  ...object(
    12_000,
    (n) => `k${n}`,
    () => "x",
  ),
};
const STATEMENT = { sql: "password = ? and ".repeat(200), params: Array(50).fill("x") };
const INPUTS: ReadonlyArray<readonly [name: string, args: Record<string, unknown>]> = [
  ["nothing hostile", {}],
  ["200 conditions with two loops over 1,000 items", { n: numbers }],
  ["the same, with errors inside", { n: numbers.map(String) }],
  ["a pattern over a megabyte", { s: "drop ".repeat(200_000) }],
  ["a text made for its pattern, as long as is read", { m: "abbabaabaabb".repeat(310) }],
  ["a longer one", { m: "abbabaabaabb".repeat(2_000) }],
  ["a megabyte of digits as a duration", { d: "1".repeat(1_000_000) }],
  ["a result of a million hostile characters", { text: "\uff11\uff12".repeat(500_000) }],
  ["a result of a megabyte of text", { text: "The quick brown fox. ".repeat(50_000) }],
  ["4 MB of arguments in one text", { x: "x".repeat(4_000_000) }],
  ["45,000 members", Object.fromEntries(Array.from({ length: 45_000 }, (_, index) => [`key-${index}`, index]))],
  ["90,000 members", Object.fromEntries(Array.from({ length: 90_000 }, (_, index) => [`key-${index}`, index]))],
  ["300 texts full of names of secrets", { x: texts("password"), y: texts("token: a ") }],
  ["300 commands", { x: texts("aws configure set a | "), y: texts("mysql -p -p | ") }],
  ["300 statements with their parameters", Object.fromEntries(numbers.slice(0, 300).map((n) => [`k${n}`, STATEMENT]))],
  ["500 × 100 names of columns", headings("aB", 70)],
  ["the same in signs for whole sentences", headings("\ufdfa", 26)],
  [
    "names in texts",
    object(
      500,
      (n) => `a${n} columns`,
      (n) => headings("ü", 20)[`a${n} columns`]?.join(),
    ),
  ],
  [
    "one heading of 25,000 names",
    {
      columns: [
        object(
          25_000,
          (n) => `n${n} name`,
          (n) => `v${n}`,
        ),
      ],
    },
  ],
  [
    "four statements with four wide objects",
    {
      a: {
        sql: "pin=:pin",
        query: "pin=:pin",
        statement: "pin=:pin",
        text: "pin=:pin",
        params: WIDE,
        args: WIDE,
        data: WIDE,
        values: WIDE,
      },
    },
  ],
  [
    "250 commands of 150 words",
    {
      a: Array.from({ length: 5 }, () =>
        Array.from({ length: 50 }, () => ["mysql", ...Array(150).fill("bash -c 'mysql -p x'")]),
      ),
    },
  ],
  ["4 MB in one text that wait for approval", { wait: true, x: "x".repeat(4_000_000) }],
  ["4 MB of prose that wait for approval", { wait: true, x: 'The quick "brown" fox: 1.50.\n'.repeat(130_000) }],
  [
    "45,000 members that wait for approval",
    {
      wait: true,
      ...object(
        45_000,
        (n) => `key-${n}`,
        (n) => n,
      ),
    },
  ],
  ["90,000 items, in lists of 900", { x: Array.from({ length: 100 }, () => numbers.slice(0, 900)) }],
];

/** A client that can show a link to its user is sent away with it at once, where a call waits for people. */
const SHOWS_LINKS = { elicitation: { url: {} } };
/** Of calls that wait for people. */
const WAITING = { approval_flows: { single: { stages: [{ approvers: { roles: ["finance-lead"] } }] } } };

const many = (count: number, write: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => write(index));
/** Policy files that are as much as may be, or more: each is put among the policies, and taken away again. */
const FILES: ReadonlyArray<readonly [name: string, text: string]> = [
  ["990,000 opening brackets", "[".repeat(990_000)],
  ["one map of 90,000 names", `{${many(90_000, (index) => `k${index}`).join(",")}}`],
  ["a thousand anchors and 90,000 values", many(1_000, (index) => `- &a${index} [${"1,".repeat(90)}]\n`).join("")],
  ["20,000 policies with one id", `policies:\n${"  - { id: x, then: { deny: {} } }\n".repeat(20_000)}`],
  [
    "4,000 policies with conditions",
    `policies:\n${many(4_000, (index) => `  - { id: many-${index}, target: { tools: [a/b${index}] }, when: args.n > ${index}.0, then: { deny: {} } }\n`).join("")}`,
  ],
  [
    "a hundred intricate patterns in one condition",
    `policies:\n  - { id: patterns, when: "${many(100, (index) => `args.s.matches('(?i)[a-z]{1,400}${index}')`).join(" || ")}", then: { deny: {} } }\n`,
  ],
];

/** What is added to the configuration, and taken out again. */
const SETTINGS: ReadonlyArray<readonly [name: string, text: string]> = [
  ["6,000 unknown keys", `\n${many(6_000, (index) => `unknown${index}: 1`).join("\n")}\n`],
  ["a list of 90,000 values", `\nunknown: [${many(90_000, (index) => String(index)).join(",")}]\n`],
];

const chosen = ([name]: readonly [name: string, ...rest: unknown[]]): boolean => name.includes(options.only);

const PROBE = `
const { parentPort, workerData } = require("node:worker_threads");
const { Agent, get } = require("node:http");
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let longest = 0;
parentPort.on("message", () => { parentPort.postMessage(longest); longest = 0; });
(function ask() {
  const begin = performance.now();
  const next = () => { longest = Math.max(longest, performance.now() - begin); setTimeout(ask, 1); };
  get(workerData, { agent }, (response) => response.resume().once("end", next)).once("error", next);
})();
`;

/** A fixed amount of work, in ms: the best of five. */
function calibrate(): number {
  const times = Array.from({ length: 5 }, () => {
    const begin = performance.now();
    let sum = 0;
    for (let index = 0; index < 300_000; index++) sum += JSON.stringify({ index, text: `text ${index}` }).length;
    return sum > 0 ? performance.now() - begin : 0;
  });
  return Math.min(...times);
}

const aim = AIM_MS * Math.max(1, calibrate() / CALIBRATION_MS);
let tooLong = 0;

/** Changes a file, and waits until the gateway says in its log what it made of that. */
async function taken(program: Program, change: () => Promise<void>): Promise<void> {
  const before = program.output();
  await change();
  for (let tries = 0; program.output() === before; tries++) {
    if (tries > 600) throw new Error("The gateway takes no notice of a changed file.");
    await pause(100);
  }
  // What hears of it has its turn.
  await pause(300);
}

await withGateway(
  { moreConfig: WAITING, logLevel: "info", policies: 0, tools: 1, dist: options.dist, morePolicies: POLICIES },
  async ({ gateway }) => {
    const client = createClient(1);
    const probe = new Worker(PROBE, { eval: true, workerData: new URL("/healthz", gateway.url).href });
    const longest = (): Promise<number> =>
      new Promise((resolve) => {
        probe.once("message", resolve);
        probe.postMessage("longest");
      });
    const rows: string[][] = [["one call with", "answer", "longest stall"]];
    for (const [name, args] of INPUTS.filter(chosen)) {
      // Twice: the first time of anything is compiled.
      let stall = 0;
      let status = 0;
      for (let round = 0; round < 2; round++) {
        await longest();
        const body = echoBody(`${name} ${round}`, { text: "hello", round, ...args }, SHOWS_LINKS);
        status = (await client.post(gateway.url, body, echoHeaders(gateway.token))).status;
        stall = await longest();
      }
      if (stall > aim * 10) tooLong++;
      rows.push([name, String(status), `${stall.toFixed(0)} ms`]);
    }
    const { home = "", program } = gateway;
    const measureFile = async (name: string, put: () => Promise<void>, remove: () => Promise<void>): Promise<void> => {
      await longest();
      await taken(program, put);
      const stall = await longest();
      await taken(program, remove);
      if (stall > aim * 10) tooLong++;
      rows.push([name, "", `${stall.toFixed(0)} ms`]);
    };
    rows.push(["", "", ""], ["one file of policies with", "", ""]);
    const file = join(home, "policies", "hostile.yaml");
    for (const [name, text] of FILES.filter(chosen)) {
      await measureFile(
        name,
        () => writeFile(file, text),
        () => rm(file),
      );
    }
    rows.push(["", "", ""], ["a configuration with", "", ""]);
    const settings = join(home, "portcullis.yaml");
    const honest = await readFile(settings, "utf8");
    for (const [name, text] of SETTINGS.filter(chosen)) {
      await measureFile(
        name,
        () => writeFile(settings, honest + text),
        () => writeFile(settings, honest),
      );
    }
    await probe.terminate();
    client.close();
    process.stdout.write(
      `${table(rows)}\n\nIt aims at ${AIM_MS} ms, ${aim.toFixed(0)} ms on this machine as it is now.\n`,
    );
  },
);

if (options.ci && tooLong > 0) {
  process.stderr.write(`${tooLong} of these held the gateway for more than ten times as long as it aims at.\n`);
  process.exitCode = 1;
}
