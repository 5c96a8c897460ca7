import { Slices } from "../../core/slices.ts";
import { createPolicyLanguage } from "../cel/environment.ts";
import type { PolicySet } from "../policy-set.ts";
import { type CompiledEntry, compileEntry, makeSet } from "./compile.ts";
import type { CheckedEntry, CompileOptions } from "./entries.ts";
import { EntryChecker } from "./entry-parts.ts";
import type { SetOutline } from "./set-outline.ts";

/** Compiles an outline in slices, between which everybody else has their turn. @throws if it is no good one after all */
export async function compileOutline({ digest, policies }: SetOutline, options: CompileOptions): Promise<PolicySet> {
  const slices = new Slices();
  const language = createPolicyLanguage();
  const checker = new EntryChecker({ file: "", document: NOWHERE, language, places: new Map(), ...options });
  const compiled: CompiledEntry[] = [];
  const rest = async (): Promise<void> => {
    if (slices.isOver) await slices.next();
  };
  for (const text of policies) {
    const read = JSON.parse(text) as Omit<CheckedEntry, "parts">;
    await rest();
    for (const _ of checker.prepare(read.entry)) await rest();
    const parts = checker.check(read.entry, 0);
    await rest();
    if (checker.errors.length > 0) throw new Error("A policy that was found good is none.");
    compiled.push(compileEntry({ ...read, parts }));
    await rest();
  }
  return makeSet(compiled, digest, options);
}

// There is nothing to be told.
const START = { line: 1, column: 1 };
const NOWHERE = { locate: () => START, locateInText: () => START };
