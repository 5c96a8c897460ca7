/** Numbers in [0, 1) that are the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Chance, and what follows from it. */
export interface Dice {
  chance(probability: number): boolean;
  below(count: number): number;
  pick<T>(choices: readonly [T, ...T[]]): T;
}

export function createDice(seed: number): Dice {
  const next = seeded(seed);
  const below = (count: number): number => Math.floor(next() * count);
  return {
    chance: (probability) => next() < probability,
    below,
    pick: ([first, ...rest]) => rest[below(rest.length + 1) - 1] ?? first,
  };
}

/** JSON text (not always valid) such as no honest program writes. */
export function hostileJson(dice: Dice): string {
  const kind = dice.pick([deep, deep, wide, wide, many, long, odd, odd, odd, odd, broken]);
  return kind(dice);
}

function deep(dice: Dice): string {
  const levels = dice.pick([63, 64, 65, 200, 3_000, 50_000]);
  return dice.chance(0.5)
    ? `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`
    : `${"[".repeat(levels)}${"]".repeat(levels)}`;
}

function wide(dice: Dice): string {
  const count = dice.pick([1_000, 20_000, 49_000, 120_000]);
  if (dice.chance(0.5)) return `[${Array.from({ length: count }, () => "{}").join(",")}]`;
  return `{${Array.from({ length: count }, (_, at) => `"k${at}":${at}`).join(",")}}`;
}

function many(dice: Dice): string {
  return `[${Array.from({ length: dice.pick([10, 500]) }, () => odd(dice)).join(",")}]`;
}

function long(dice: Dice): string {
  const text = dice.pick(["x", "\\\\", '\\"', "ä", "\\u0000"]);
  return `"${text.repeat(dice.pick([10_000, 500_000, 1_500_000]))}"`;
}

function odd(dice: Dice): string {
  return dice.pick([
    "null",
    "true",
    "-0",
    "1e400",
    "-1e400",
    "9007199254740993",
    "0.1e-400",
    "9".repeat(500),
    '""',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\u0000\\u001b[2J\\u202e"',
    "[]",
    "{}",
    '{"__proto__":{"polluted":true}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    '{"toString":1,"valueOf":null,"hasOwnProperty":[],"then":"x","toJSON":{}}',
    '{"a":1,"a":2,"a":{"__proto__":null}}',
    '{"length":4294967295,"0":1}',
    '{"4294967294":1,"-1":2,"":3}',
  ]);
}

function broken(dice: Dice): string {
  return dice.pick([
    "{",
    '{"a":',
    "[1,",
    "}{",
    "{}{}",
    "\ufeff{}",
    "undefined",
    "NaN",
    "'a'",
    "\u0000",
    '{"a":oops}',
    "]",
  ]);
}
