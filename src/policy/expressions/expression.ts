// biome-ignore-all lint/style/noExcessiveLinesPerFile: parts of one tree check each other, each under what is known where it stands; what needs no other part stands beside.
import { ExactNumber } from "../../core/exact-number.ts";
import type { ArgumentType } from "../schemas/argument-types.ts";
import { ANYTHING, type Domain, domainOfSum } from "../schemas/domain.ts";
import { exactly } from "../schemas/number-range.ts";
import { type AstNode, childrenOf, readCall, stringLiteral } from "../syntax/ast.ts";
import {
  both,
  type GuardDeps,
  guardsOf,
  itemsPlace,
  movePlaces,
  type Narrowing,
  NO_FACTS,
  type Places,
  readStep,
  variablePlace,
  withPlaces,
} from "../syntax/guards.ts";
import { fieldType, isRecordName } from "../syntax/vocabulary.ts";
import { checkComparison, checkMembership } from "./comparisons.ts";
import { checkContradictions } from "./contradictions.ts";
import { type FactTable, partOfFact } from "./facts.ts";
import { type Checked, canFail, type Finding, reportedPlaces } from "./findings.ts";
import { callMistake, checkCall } from "./functions.ts";
import { checkMember, checkNaming } from "./members.ts";
import { checkTextTest, domainOfCall, itemOfCall } from "./methods.ts";
import { checkClosed, checkFree, checkLookAlikes, isWorthTrying, type Trial, type TrialDeps } from "./trials.ts";
import {
  ANY,
  arithmetic,
  canBe,
  domainOf,
  isOnly,
  itemOf,
  listItem,
  literalValue,
  ofKind,
  ofType,
  ofTypeName,
  type Value,
} from "./values.ts";
import { mixingHint, operandMistake, rangeMistake } from "./words.ts";

/** What an expression is checked against. */
export interface ExpressionDeps extends GuardDeps {
  /** `undefined`: nothing is known of the arguments. */
  readonly args: ArgumentType | undefined;
  /** What fields of the variables can be. */
  readonly facts: FactTable;
  /** Whether a text fits a pattern; `undefined` for a pattern that cannot be used. */
  matches(pattern: string, text: string): boolean | undefined;
  /** Evaluates parts of the text. */
  readonly trial: Trial;
  /** What is known of arguments is not known here, and they are looked at where it is. */
  readonly argumentsLater: boolean;
  /** Counts down with each step; at zero the rest goes unchecked. */
  readonly budget: { left: number };
}

/** The variables that can be named, and where each is read from. */
interface Scope {
  readonly values: ReadonlyMap<string, Value>;
  readonly places: Places;
}

/** Parts that test something by themselves. */
const LEAVES = new Set(["==", "!=", "<", "<=", ">", ">=", "in", "rcall"]);
const LOGICAL = new Set(["&&", "||"]);
const ORDERING = new Set(["==", "!=", "<", "<=", ">", ">="]);

/** Checks one text for one tool. `facts` hold before it is evaluated. @throws never */
export function checkExpression(root: AstNode, text: string, facts: Narrowing, deps: ExpressionDeps): Checked {
  return new Checker(root, text, deps).check(root, facts, rootScope(deps));
}

/** The same for the cost of a limit, which arguments may make nothing. @throws never */
export function checkCost(root: AstNode, text: string, facts: Narrowing, deps: ExpressionDeps): Checked {
  return new Checker(root, text, deps).cost(root, facts, rootScope(deps));
}

/** Checks one text that must come out as true or false. @throws never */
export function checkCondition(root: AstNode, text: string, deps: ExpressionDeps): readonly Finding[] {
  return new Checker(root, text, deps).condition(root, rootScope(deps));
}

function rootScope({ args }: ExpressionDeps): Scope {
  return scopeOf(new Map([["args", { ...ofType(args, "args"), kinds: new Set(["map" as const]) }]]));
}

/** What is known after it came out as true. */
export function guardsOfText(root: AstNode, deps: GuardDeps): Narrowing {
  return guardsOf(root, true, new Map([["args", "args"]]), deps);
}

function scopeOf(values: ReadonlyMap<string, Value>): Scope {
  return { values, places: new Map([...values].map(([name, { place }]) => [name, place])) };
}

class Checker {
  readonly #root: AstNode;
  readonly #text: string;
  readonly #deps: ExpressionDeps;
  // A part is looked at anew for other facts only. The scope follows from where the part stands.
  readonly #known = new Map<AstNode, Map<string, Checked>>();

  constructor(root: AstNode, text: string, deps: ExpressionDeps) {
    this.#root = root;
    this.#text = text;
    this.#deps = deps;
  }

  condition(root: AstNode, scope: Scope): readonly Finding[] {
    return this.#operand(root, NO_FACTS, scope, "when");
  }

  cost(root: AstNode, facts: Narrowing, scope: Scope): Checked {
    const { value, findings } = this.check(root, facts, scope);
    const free = isWorthTrying(findings) ? checkFree(root, this.#trialDeps(facts, scope)) : [];
    return { value, findings: [...findings, { kind: "compared", start: root.start }, ...free] };
  }

  check(node: AstNode, facts: Narrowing, scope: Scope): Checked {
    // What is never evaluated cannot go wrong.
    if (facts.never || this.#deps.budget.left <= 0) return { value: ANY, findings: [] };
    let known = this.#known.get(node);
    if (known === undefined) {
      known = new Map();
      this.#known.set(node, known);
    }
    let checked = known.get(facts.key);
    if (checked === undefined) {
      this.#deps.budget.left -= 1;
      checked = this.#tried(node, this.#check(node, facts, scope), facts, scope);
      known.set(facts.key, checked);
    }
    return checked;
  }

  #trialDeps(facts: Narrowing, scope: Scope): TrialDeps {
    const { trial, argumentsLater, budget } = this.#deps;
    const isVariable = (name: string): boolean => name !== "args" && scope.values.has(name);
    const read = (part: AstNode): Value => this.check(part, facts, scope).value;
    return { root: this.#root, text: this.#text, trial, isVariable, read, argumentsLater, budget };
  }

  // The smallest part that can be told of is: what stands around it follows.
  #tried(node: AstNode, checked: Checked, facts: Narrowing, scope: Scope): Checked {
    const { value, findings } = checked;
    if (node.op === "id" || node.op === "." || node.op === "[]" || !isOnly(value, "bool")) return checked;
    const compared: Finding = { kind: "compared", start: node.start };
    if (!isWorthTrying(findings) || this.#deps.constant(node) !== undefined) return checked;
    const deps = this.#trialDeps(facts, scope);
    const closed = checkClosed(node, deps);
    const told = closed.length > 0 || !LEAVES.has(node.op) ? closed : checkLookAlikes(node, deps);
    return { value, findings: [...findings, compared, ...told] };
  }

  #check(node: AstNode, facts: Narrowing, scope: Scope): Checked {
    switch (node.op) {
      case "value":
        return { value: literalValue(node.args), findings: [] };
      case "id":
        return { value: (typeof node.args === "string" && scope.values.get(node.args)) || ANY, findings: [] };
      case ".":
      case "[]":
        return this.#member(node, facts, scope, false);
      case "&&":
      case "||":
        return this.#logical(node, facts, scope);
      case "?:":
        return this.#choice(node, facts, scope);
      case "call":
      case "rcall":
        return this.#call(node, facts, scope);
      default:
        return this.#operator(node, facts, scope);
    }
  }

  /** Parts that are all evaluated, left to right; what one reports as missing is there for the next. */
  #inOrder(
    nodes: readonly AstNode[],
    facts: Narrowing,
    scope: Scope,
  ): { values: readonly Value[]; findings: Finding[] } {
    const values: Value[] = [];
    const findings: Finding[] = [];
    let known = facts;
    for (const node of nodes) {
      const checked = this.check(node, known, scope);
      values.push(checked.value);
      findings.push(...checked.findings);
      known = withPlaces(known, reportedPlaces(checked.findings));
    }
    return { values, findings };
  }

  #operator(node: AstNode, facts: Narrowing, scope: Scope): Checked {
    const children = childrenOf(node);
    const { values, findings } = this.#inOrder(children, facts, scope);
    const [left = ANY, right = ANY] = values;
    const [first = node, second = node] = children;
    const sides = { left, right, first, second, text: this.#text };
    if (node.op === "list") {
      const domain = { ...ANYTHING, size: exactly(values.length) };
      return { value: { ...ofKind("list"), item: listItem(values), elements: values, domain }, findings };
    }
    if (node.op === "map") return { value: mapValue(children, values), findings };
    if (node.op === "!_") {
      findings.push(...this.#notBool(first, facts, scope, "!"));
      return { value: ofKind("bool"), findings };
    }
    if (node.op === "-_") {
      if (!canBe(left, "int", "double")) findings.push(operandMistake(first, left, "-", this.#text));
      const literal = negated(left.literal);
      const domain = domainOfSum("-", ZERO, domainOf(left));
      return { value: { ...ANY, kinds: left.kinds, domain, literal }, findings };
    }
    if (ORDERING.has(node.op)) {
      findings.push(...checkComparison(node, { ...sides, between: differenceOf(left, right, this.#deps.facts) }));
      return { value: ofKind("bool"), findings };
    }
    if (node.op === "in") {
      const items = second.op === "list" ? childrenOf(second) : [];
      const known = items.map((item) => ({ node: item, value: this.check(item, facts, scope).value }));
      findings.push(...checkMembership(node, sides, known));
      if (typeof left.literal === "string")
        findings.push(...checkNaming(first, left.literal, right, this.#slice(second)));
      return { value: ofKind("bool"), findings };
    }
    const value = arithmetic(node.op, left, right);
    if (value === undefined) findings.push(mixingHint(node, sides));
    const item =
      node.op === "+" && left.item !== undefined && right.item !== undefined
        ? listItem([left.item, right.item])
        : undefined;
    const between = node.op === "-" ? differenceOf(left, right, this.#deps.facts) : undefined;
    const domain = between ?? domainOfSum(node.op, domainOf(left), domainOf(right));
    return { value: { ...(value ?? ANY), item, domain }, findings };
  }

  #member(node: AstNode, facts: Narrowing, scope: Scope, asked: boolean): Checked {
    const step = readStep(node);
    if (step === undefined) return { value: ANY, findings: [] };
    const { operand, name, index } = step;
    const record = operand.op === "id" && typeof operand.args === "string" ? operand.args : undefined;
    if (name !== undefined && isRecordName(record) && !scope.values.has(record)) {
      const domain = this.#deps.facts.get(`${record}.${name}`) ?? ANYTHING;
      const fact = `${record}.${name}`;
      const value = { ...ofTypeName(fieldType(record, name) ?? "dyn"), domain, fact };
      const item = value.item && partOfFact(value.item, `${fact}[]`, this.#deps.facts);
      return { value: { ...value, item }, findings: [] };
    }
    const { values, findings } = this.#inOrder(index === undefined ? [operand] : [operand, index], facts, scope);
    const [base = ANY, key = ANY] = values;
    const member = { node, operand, name, index };
    const checked = checkMember(member, { base, key }, { text: this.#text, facts, asked, findings });
    if (base.fact === undefined || name === undefined) return checked;
    return { ...checked, value: partOfFact(checked.value, `${base.fact}.${name}`, this.#deps.facts) };
  }

  // Errors of one side do not count where the other decides, whichever comes first. So parts that cannot fail go first,
  // and what they guard is known to the others; what is left then is reported, each under what came before it.
  #logical(node: AstNode, facts: Narrowing, scope: Scope): Checked {
    const goesOn = node.op === "&&";
    let pending = flatten(node, node.op);
    let known = facts;
    const findings: Finding[] = [];
    const guards = (part: AstNode) => guardsOf(part, goesOn, scope.places, this.#deps);
    const take = (part: AstNode, taken: readonly Finding[]): void => {
      findings.push(...taken);
      known = both(withPlaces(known, reportedPlaces(taken)), guards(part));
      pending = pending.filter((it) => it !== part);
    };
    for (const part of pending) {
      if (guards(part).never && !this.check(part, facts, scope).findings.some(canFail)) {
        return { value: ofKind("bool"), findings: [] };
      }
    }
    for (;;) {
      const safe = pending.find((part) => !this.#operand(part, known, scope, node.op).some(canFail));
      const next = safe ?? pending[0];
      if (next === undefined) break;
      take(next, this.#operand(next, known, scope, node.op));
    }
    const told = new Set(findings.flatMap((it) => (it.kind === "mistake" ? it.start : [])));
    const read = (part: AstNode): Value => this.check(part, known, scope).value;
    findings.push(...checkContradictions(node, this.#text, read).filter(({ start }) => !told.has(start)));
    return { value: ofKind("bool"), findings };
  }

  /** A part that must be true or false. */
  #operand(part: AstNode, facts: Narrowing, scope: Scope, operator: string): readonly Finding[] {
    const { findings } = this.check(part, facts, scope);
    return [...findings, ...this.#notBool(part, facts, scope, operator)];
  }

  // Of a choice each branch by itself: what the two can be together would say less.
  #notBool(part: AstNode, facts: Narrowing, scope: Scope, operator: string): readonly Finding[] {
    if (part.op === "?:") {
      return this.#branches(part, facts, scope).flatMap((it) => this.#notBool(it.branch, it.facts, scope, operator));
    }
    const { value } = this.check(part, facts, scope);
    return canBe(value, "bool") ? [] : [operandMistake(part, value, operator, this.#text)];
  }

  /** The branches of a choice that can be reached, and what is known in each. */
  #branches(
    node: AstNode,
    facts: Narrowing,
    scope: Scope,
  ): readonly { readonly branch: AstNode; readonly facts: Narrowing }[] {
    const [condition = node, ...branches] = childrenOf(node);
    const known = withPlaces(facts, reportedPlaces(this.check(condition, facts, scope).findings));
    return [true, false].flatMap((outcome, at) => {
      const branch = branches[at];
      const reached = both(known, guardsOf(condition, outcome, scope.places, this.#deps));
      return branch === undefined || reached.never ? [] : [{ branch, facts: reached }];
    });
  }

  #choice(node: AstNode, facts: Narrowing, scope: Scope): Checked {
    const [condition = node] = childrenOf(node);
    const findings = [...this.#operand(condition, facts, scope, "?:")];
    const values = this.#branches(node, facts, scope).map((it) => {
      const checked = this.check(it.branch, it.facts, scope);
      findings.push(...checked.findings);
      return checked.value;
    });
    const [only] = values;
    return { value: values.length === 1 && only !== undefined ? only : listItem(values), findings };
  }

  #call(node: AstNode, facts: Narrowing, scope: Scope): Checked {
    const call = readCall(node);
    if (call === undefined) return { value: ANY, findings: [] };
    const { name, receiver, args } = call;
    const [first, second, third] = args;
    if (receiver === undefined && name === "has" && first !== undefined) {
      return { value: ofKind("bool"), findings: this.#member(first, facts, scope, true).findings };
    }
    if (receiver !== undefined && first?.op === "id" && typeof first.args === "string" && second !== undefined) {
      if (name === "bind" && third !== undefined) {
        const bound = this.check(second, facts, scope);
        const inside = scopeOf(new Map(scope.values).set(first.args, bound.value));
        const body = this.check(third, withPlaces(facts, reportedPlaces(bound.findings)), inside);
        return { value: body.value, findings: [...bound.findings, ...body.findings] };
      }
      if (COMPREHENSIONS.has(name))
        return this.#comprehension(node, { name, receiver, variable: first.args, second, third }, facts, scope);
    }
    const { values, findings } = this.#inOrder(receiver === undefined ? args : [receiver, ...args], facts, scope);
    const target = receiver === undefined ? undefined : values[0];
    const given = receiver === undefined ? values : values.slice(1);
    const items = target === undefined ? ANY : itemOf(target);
    const checked = checkCall(name, target, given, items);
    if (!checked.ok) findings.push(callMistake(node, call, checked, { target, given, items, text: this.#text }));
    const [only] = given;
    if (name === "timestamp" && only?.type?.format === "date") {
      const written = this.#slice(first ?? node);
      const message = `\`${written}\` is a day by the tool's schema, and timestamp() takes a time of it, too.`;
      const hint = `Write \`timestamp(${written} + "T00:00:00Z")\`.`;
      const start = first?.start ?? node.start;
      findings.push(
        { kind: "compared", start },
        { kind: "mistake", what: "doubtful", start, message, hint, proposes: true },
      );
    }
    const { matches } = this.#deps;
    findings.push(...checkTextTest(node, call, target, given[0], { text: this.#text, matches }));
    const returns = checked.returns ?? ANY;
    const item = itemOfCall(name, target, given) ?? returns.item;
    return { value: { ...returns, item, domain: domainOfCall(name, target, given[0]) }, findings };
  }

  #comprehension(node: AstNode, it: Comprehension, facts: Narrowing, scope: Scope): Checked {
    const list = this.check(it.receiver, facts, scope);
    const findings = [...list.findings];
    if (!canBe(list.value, "list", "map")) {
      findings.push(rangeMistake(it.receiver, list.value, it.name, this.#text));
      return { value: ANY, findings };
    }
    const own = variablePlace(node);
    const item = { ...itemOf(list.value), place: own };
    const inside = scopeOf(new Map(scope.values).set(it.variable, item));
    const everywhere =
      list.value.place === undefined ? [] : movePlaces(facts.places, itemsPlace(list.value.place), own);
    const filtered = list.value.itemFacts.map((below) => own + below);
    const known = withPlaces(facts, [...reportedPlaces(findings), ...everywhere, ...filtered]);
    const isTest = it.name !== "map" || it.third !== undefined;
    const body = this.check(it.second, known, inside);
    findings.push(...(isTest ? this.#operand(it.second, known, inside, `${it.name}()`) : body.findings));
    if (it.name !== "map" && it.name !== "filter") return { value: ofKind("bool"), findings };
    const guards = isTest ? guardsOf(it.second, true, inside.places, this.#deps) : known;
    if (it.name === "filter") {
      const itemFacts = [...list.value.itemFacts, ...movePlaces(guards.places, own, "")];
      const domain = { ...ANYTHING, size: { ...list.value.domain.size, low: 0 } };
      return { value: { ...ofKind("list"), domain, item: { ...item, place: undefined }, itemFacts }, findings };
    }
    let result = body;
    if (it.third !== undefined) {
      result = this.check(it.third, both(withPlaces(known, reportedPlaces(findings)), guards), inside);
      findings.push(...result.findings);
    }
    const { size } = list.value.domain;
    const domain = { ...ANYTHING, size: it.third === undefined ? size : { ...size, low: 0 } };
    return { value: { ...ofKind("list"), domain, item: { ...result.value, place: undefined } }, findings };
  }

  #slice(node: AstNode): string {
    return this.#text.slice(node.start, node.end);
  }
}

interface Comprehension {
  readonly name: string;
  readonly receiver: AstNode;
  readonly variable: string;
  readonly second: AstNode;
  readonly third: AstNode | undefined;
}

const COMPREHENSIONS = new Set(["all", "exists", "exists_one", "filter", "map"]);

function flatten(node: AstNode, operator: string): readonly AstNode[] {
  return node.op === operator && LOGICAL.has(operator)
    ? childrenOf(node).flatMap((it) => flatten(it, operator))
    : [node];
}

/** What lies between two facts of a call, the first less the second, where one never comes before the other. */
function differenceOf(left: Value, right: Value, facts: FactTable): Domain | undefined {
  if (left.fact === undefined || right.fact === undefined) return undefined;
  const known = facts.get(`${left.fact} - ${right.fact}`);
  if (known !== undefined) return known;
  const opposite = facts.get(`${right.fact} - ${left.fact}`);
  return opposite && { ...domainOfSum("-", ZERO, opposite), says: opposite.says };
}

function negated(literal: Value["literal"]): Value["literal"] {
  if (literal instanceof ExactNumber) return new ExactNumber(`-${literal.text}`);
  return typeof literal === "number" ? -literal : undefined;
}

const ZERO: Domain = { ...ANYTHING, values: [0] };

// Keys are texts that are written out, each once: anything else does not compile.
function mapValue(nodes: readonly AstNode[], values: readonly Value[]): Value {
  const members = new Map<string, Value>();
  for (let at = 0; at + 1 < nodes.length; at += 2) members.set(stringLiteral(nodes[at]) ?? "", values[at + 1] ?? ANY);
  const keys = [...members.keys()];
  return {
    ...ofKind("map"),
    members,
    domain: { ...ANYTHING, keys, size: exactly(keys.length), says: `Its keys are ${keys.join(", ")}.` },
  };
}
