import type { RE2JS } from "re2js";

/*
 * RE2 matches with a deterministic machine that it makes state by state, as texts need it, and forgets when its memory is
 * full. A text made for it needs a new state for each of its characters where a pattern has very many of them, and making
 * one takes as long as the pattern's program is. So all states are made when the pattern is added, or the machine is not
 * used. This leans on the inside of the library, which is pinned.
 */

/** A state that was not reached yet holds nothing but what the program could be doing. */
interface State {
  readonly nfaStates: readonly number[];
}

interface Instruction {
  readonly runes: { readonly length: number };
}

const UNANCHORED = 0;
const END_OF_TEXT = -1;
/** A state costs so much more than the instructions that it stands for. */
const STATE = 4;
/** What one end of a range of characters costs that an instruction takes. */
const BOUND = 3;

/**
 * Makes the whole machine of a pattern, and matching use it. False if that takes more than `most`: instructions times
 * kinds of characters that the pattern tells apart, a hundred nanoseconds each.
 */
export function makeMachine(expression: RE2JS, most: number): boolean {
  const { re2Input } = expression;
  const program: readonly Instruction[] = re2Input.prog.inst;
  let left = most - BOUND * program.reduce((sum, { runes }) => sum + runes.length, 0);
  if (left <= 0) return false;
  const { dfa } = re2Input;
  if (dfa.failed) return false;
  // One character of each kind, in the order of their numbers, and then the end.
  const kinds = [0, ...dfa.classBounds, END_OF_TEXT];
  const known = new Set<State>();
  const open: State[] = [];
  const reach = (state: State | null): void => {
    if (state === null) left = 0;
    else if (!known.has(state)) {
      known.add(state);
      open.push(state);
      left -= kinds.length * (state.nfaStates.length + STATE);
    }
  };
  reach(dfa.start({ context: () => -1 }, 0));
  for (let state = open.pop(); state !== undefined && left > 0; state = open.pop()) {
    for (let kind = 0; kind < kinds.length && left > 0; kind++) {
      reach(dfa.step(state, kind, kinds[kind], UNANCHORED));
    }
  }
  if (left > 0) {
    // Its other fast way looks through all ranges of a class again and again, and not at a table.
    Object.assign(re2Input, { onepass: null });
    return true;
  }
  dfa.clearCache();
  return false;
}
