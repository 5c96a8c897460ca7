import { isObject } from "../../core/json.ts";
import { fillDefaults } from "../defaults/fill.ts";
import { type ArgumentsPlan, mayHaveDefaults, planDefaults } from "../defaults/plan.ts";
import { SchemaPlace } from "../defaults/schema-places.ts";
import { readSchemaHints, type SchemaHints } from "../inputs/input-schema.ts";
import { bindJson } from "../inputs/json-values.ts";
import type { PolicyInput, PolicyResult, PolicySubject } from "../policy-set.ts";
import { Work } from "../step-budget/work.ts";
import type { ArgumentPath } from "../syntax/argument-paths.ts";
import {
  ClientView,
  PromptContextView,
  RequestContextView,
  ResourceContextView,
  ResultView,
  ToolContextView,
  UserView,
} from "./views.ts";

/** What depends on a definition alone: computed once per definition, not per request. */
export interface SubjectFacts {
  /** Of these there is the one of its kind. */
  readonly tool: ToolContextView | undefined;
  readonly prompt: PromptContextView | undefined;
  readonly resource: ResourceContextView | undefined;
  readonly hints: SchemaHints | undefined;
  /** Whether its schema has any default at all. */
  readonly hasDefaults: boolean;
  /** The defaults that bear on what reads these values; `undefined` if none does. Found once for equal `values`. */
  defaultsFor(values: readonly ArgumentPath[]): ArgumentsPlan | undefined;
}

/** Reads a definition for conditions. @throws never */
export function readSubjectFacts(subject: PolicySubject): SubjectFacts {
  const { kind } = subject;
  const inputSchema = kind === "tool" ? subject.definition["inputSchema"] : undefined;
  let place: SchemaPlace | undefined;
  const plans = new WeakMap<readonly ArgumentPath[], ArgumentsPlan | "none">();
  return {
    tool: kind === "tool" ? new ToolContextView(subject) : undefined,
    prompt: kind === "prompt" ? new PromptContextView(subject) : undefined,
    resource: kind === "resource" ? new ResourceContextView(subject) : undefined,
    hints: readSchemaHints(inputSchema),
    hasDefaults: isObject(inputSchema) && mayHaveDefaults(inputSchema),
    defaultsFor(values) {
      const known = plans.get(values);
      if (known !== undefined) return known === "none" ? undefined : known;
      if (isObject(inputSchema)) place ??= SchemaPlace.ofArguments(inputSchema);
      const plan = place && planDefaults(place, values);
      plans.set(values, plan ?? "none");
      return plan;
    },
  };
}

/** A call with defaults of the tool in it, and the places that got one. */
export interface FilledCall {
  readonly context: CallContext;
  readonly places: readonly string[];
}

/** The variables of one call, each made when a condition first names it and then kept for all conditions. */
export class CallContext {
  readonly tool: ToolContextView | undefined;
  readonly prompt: PromptContextView | undefined;
  readonly resource: ResourceContextView | undefined;
  readonly #input: PolicyInput;
  readonly #facts: SubjectFacts;
  #user: UserView | undefined;
  #client: ClientView | undefined;
  #request: RequestContextView | undefined;
  #args: unknown;
  /** What evaluating conditions about this call has cost. */
  readonly work: Work;
  /** There once the tool has answered. */
  readonly result: ResultView | undefined;
  readonly #result: PolicyResult | undefined;

  constructor(input: PolicyInput, facts: SubjectFacts, result?: PolicyResult, work = new Work()) {
    this.#input = input;
    this.work = work;
    this.tool = facts.tool;
    this.prompt = facts.prompt;
    this.resource = facts.resource;
    this.#facts = facts;
    this.#result = result;
    this.result = result && new ResultView(result);
  }

  /**
   * The same call with the tool's defaults where the arguments leave out what is read at `values`, first with all of them;
   * none if the call leaves nothing of that out.
   */
  *withDefaults(values: readonly ArgumentPath[]): Generator<FilledCall, undefined> {
    if (!this.#facts.hasDefaults || values.length === 0) return;
    const plan = this.#facts.defaultsFor(values);
    if (plan === undefined) return;
    // The same decision: what is left out must not buy more work.
    for (const { arguments: args, places } of fillDefaults(this.#input.arguments, plan, this.work)) {
      const input = { ...this.#input, arguments: args };
      yield { context: new CallContext(input, this.#facts, this.#result, this.work), places };
    }
  }

  get user(): UserView {
    this.#user ??= new UserView(this.#input.principal, this.#input.request.time);
    return this.#user;
  }

  get client(): ClientView {
    this.#client ??= new ClientView(this.#input.client, this.#input.principal);
    return this.#client;
  }

  get request(): RequestContextView {
    this.#request ??= new RequestContextView(this.#input.request);
    return this.#request;
  }

  get args(): unknown {
    this.#args ??= bindJson(this.#input.arguments, 0, this.#facts.hints);
    return this.#args;
  }
}
