import type { Era } from "../core/call.ts";

/** In which era programs answered, kept longer than this process. */
export interface EraMemory {
  /** What was learned of this very definition, if it still holds. */
  recall(upstream: string, place: string): Era | undefined;
  learned(upstream: string, place: string, era: Era): void;
}
