import type { ToolEntry } from "../../catalog/entries.ts";
import { digestOf } from "../../core/digest.ts";
import type { JsonObject } from "../../core/json.ts";
import type { DecidedMethod } from "../../core/subject.ts";
import type { PolicySubject } from "../../policy/policy-set.ts";

/** What a request is about, with what is given to it. It is what policies see of it, too. */
export interface Subject extends PolicySubject {
  /** What is asked for. */
  readonly method: DecidedMethod;
  /** Where its upstream was when it was found (`Upstream.place`): what is decided on it is no decision about another. */
  readonly place: string;
  /** SHA-256 of the definition: what an approval is bound to. */
  readonly digest: string;
  /** Those of a tool or prompt; of a completion what was filled in so far. */
  readonly arguments: JsonObject;
  /** Arguments that a modern HTTP upstream wants mirrored into headers. */
  readonly paramHeaders: ToolEntry["paramHeaders"];
  /** Of a completion: how its server names what it completes. */
  readonly ref?: JsonObject | undefined;
}

/** What is given to it, as it is on record and as people are asked about it: a resource is given its URI. */
export function givenTo({ kind, name, arguments: args }: Pick<Subject, "kind" | "name" | "arguments">): JsonObject {
  return kind === "resource" ? { uri: name } : args;
}

/** It with other arguments; itself where they are its own. */
export function subjectGiven(subject: Subject, args: JsonObject): Subject {
  return args === subject.arguments ? subject : { ...subject, arguments: args };
}

/** A tool as the subject of its call. */
export function toolSubject(tool: ToolEntry, args: JsonObject): Subject {
  const { upstream, place, name, definition, digest, paramHeaders } = tool;
  const method = "tools/call";
  return { kind: "tool", method, upstream, place, name, definition, digest, arguments: args, paramHeaders };
}

/** A prompt or a resource as the subject of a request. */
export function otherSubject(
  about: Omit<Subject, "digest" | "paramHeaders"> & { readonly kind: "prompt" | "resource" },
): Subject {
  const { kind, method, upstream, place, name, definition, arguments: args, ref } = about;
  const digest = digestOfDefinition(definition);
  return { kind, method, upstream, place, name, definition, digest, arguments: args, paramHeaders: NONE, ref };
}

const NONE: readonly never[] = [];

/** The definition of a resource that its server does not list. One object, so that it is looked at once. */
export const UNLISTED: JsonObject = {};

/** Whether its server lists this resource, or template, by this very URI: whoever may use it knows that it is there. */
export function isListed({ name, definition }: Pick<Subject, "name" | "definition">): boolean {
  return definition["uri"] === name || definition["uriTemplate"] === name;
}

// Lists are kept for as long as they are shown, and each definition is digested once.
const digests = new WeakMap<JsonObject, string>();

function digestOfDefinition(definition: JsonObject): string {
  let digest = digests.get(definition);
  if (digest === undefined) {
    digest = digestOf(definition);
    digests.set(definition, digest);
  }
  return digest;
}
