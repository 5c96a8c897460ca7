import type { SubjectKind } from "../../core/subject.ts";

/** How a model is told of a request of its client. */
export interface RequestWords {
  /** What it is, as in `the call was rejected`. */
  readonly noun: string;
  /** What it would do, as in `to allow the call of pay`. */
  deed(name: string): string;
  /** How it is made again, as the rest of a sentence. */
  again(name: string): string;
  /** That making it again begins anew, with what is behind it; and within a sentence. */
  readonly anew: string;
  readonly retry: string;
  /** What makes it another one. */
  readonly other: string;
}

/** One row for each kind of thing that is used. */
export const REQUEST_WORDS: Readonly<Record<SubjectKind, RequestWords>> = {
  tool: {
    noun: "call",
    deed: (name) => `the call of ${name}`,
    again: (name) => `call ${name} again with exactly the same arguments`,
    anew: "Calling the tool again asks",
    retry: "calling it again asks",
    other: "Other arguments are another request.",
  },
  prompt: {
    noun: "request",
    deed: (name) => `getting the prompt ${name}`,
    again: (name) => `get the prompt ${name} again with exactly the same arguments`,
    anew: "Getting the prompt again asks",
    retry: "getting it again asks",
    other: "Other arguments are another request.",
  },
  resource: {
    noun: "request",
    deed: (name) => `reading ${name}`,
    again: (name) => `read ${name} again`,
    anew: "Reading the resource again asks",
    retry: "reading it again asks",
    other: "Another URI is another request.",
  },
};
