import { type AstNode, childrenOf, readCall } from "../syntax/ast.ts";
import { both, guardsOf, type Narrowing, NO_FACTS, readStep, withPlaces } from "../syntax/guards.ts";
import { isRecordName } from "../syntax/vocabulary.ts";
import { partOfFact } from "../values/facts.ts";
import { ANY, canBe, isOnly, listItem, literalValue, ofKind, type Value } from "../values/values.ts";
import { checkCallWith } from "./calls.ts";
import { type Comprehension, checkComprehension, isComprehension } from "./comprehensions.ts";
import { type Checked, type Finding, type PartChecks, reportedPlaces } from "./findings.ts";
import { checkLogical } from "./logical.ts";
import { checkMember, recordField } from "./members.ts";
import { checkOperator } from "./operators.ts";
import { type ExpressionDeps, type Variables, withValues } from "./scope.ts";
import { checkClosed, checkFree, checkLookAlikes, isWorthTrying, type TrialDeps } from "./trials.ts";
import { operandMistake } from "./words.ts";

/** Parts that test something by themselves. */
const LEAVES = new Set(["==", "!=", "<", "<=", ">", ">=", "in", "rcall"]);

/** One side of a choice, and what is known in it. */
interface Branch {
  readonly branch: AstNode;
  readonly facts: Narrowing;
}

/** Checks the parts of one text, each under what is known where it stands. */
export class Checker {
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

  condition(root: AstNode, scope: Variables): readonly Finding[] {
    return this.#operand(root, NO_FACTS, scope, "when");
  }

  cost(root: AstNode, facts: Narrowing, scope: Variables): Checked {
    const { value, findings } = this.check(root, facts, scope);
    const free = isWorthTrying(findings) ? checkFree(root, this.#trialDeps(facts, scope)) : [];
    return { value, findings: [...findings, { kind: "compared", start: root.start }, ...free] };
  }

  check(node: AstNode, facts: Narrowing, scope: Variables): Checked {
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

  #trialDeps(facts: Narrowing, scope: Variables): TrialDeps {
    const { trial, argumentsLater, budget } = this.#deps;
    const isVariable = (name: string): boolean => name !== "args" && scope.values.has(name);
    const read = (part: AstNode): Value => this.check(part, facts, scope).value;
    return { root: this.#root, text: this.#text, trial, isVariable, read, argumentsLater, budget };
  }

  // The smallest part that can be told of is: what stands around it follows.
  #tried(node: AstNode, checked: Checked, facts: Narrowing, scope: Variables): Checked {
    const { value, findings } = checked;
    if (node.op === "id" || node.op === "." || node.op === "[]" || !isOnly(value, "bool")) return checked;
    const compared: Finding = { kind: "compared", start: node.start };
    if (!isWorthTrying(findings) || this.#deps.constant(node) !== undefined) return checked;
    const deps = this.#trialDeps(facts, scope);
    const closed = checkClosed(node, deps);
    const told = closed.length > 0 || !LEAVES.has(node.op) ? closed : checkLookAlikes(node, deps);
    return { value, findings: [...findings, compared, ...told] };
  }

  #check(node: AstNode, facts: Narrowing, scope: Variables): Checked {
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
    scope: Variables,
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

  #operator(node: AstNode, facts: Narrowing, scope: Variables): Checked {
    const nodes = childrenOf(node);
    const [first = node] = nodes;
    if (node.op === "!_") return { value: ofKind("bool"), findings: this.#operand(first, facts, scope, "!") };
    const { values, findings } = this.#inOrder(nodes, facts, scope);
    const read = (part: AstNode): Value => this.check(part, facts, scope).value;
    const checked = checkOperator(node, { nodes, values, text: this.#text, facts: this.#deps.facts, read });
    return { value: checked.value, findings: [...findings, ...checked.findings] };
  }

  #member(node: AstNode, facts: Narrowing, scope: Variables, asked: boolean): Checked {
    const step = readStep(node);
    if (step === undefined) return { value: ANY, findings: [] };
    const { operand, name, index } = step;
    const record = operand.op === "id" && typeof operand.args === "string" ? operand.args : undefined;
    if (name !== undefined && isRecordName(record) && !scope.values.has(record)) {
      return { value: recordField(record, name, this.#deps), findings: [] };
    }
    const { values, findings } = this.#inOrder(index === undefined ? [operand] : [operand, index], facts, scope);
    const [base = ANY, key = ANY] = values;
    const member = { node, operand, name, index };
    const checked = checkMember(member, { base, key }, { text: this.#text, facts, asked, findings });
    if (base.fact === undefined || name === undefined) return checked;
    return { ...checked, value: partOfFact(checked.value, `${base.fact}.${name}`, this.#deps.facts) };
  }

  #logical(node: AstNode, facts: Narrowing, scope: Variables): Checked {
    const parts = this.#parts(scope, node.op, node.op === "&&");
    return { value: ofKind("bool"), findings: checkLogical(node, facts, this.#text, parts) };
  }

  /** A part that must be true or false. */
  #operand(part: AstNode, facts: Narrowing, scope: Variables, operator: string): readonly Finding[] {
    const { findings } = this.check(part, facts, scope);
    return [...findings, ...this.#notBool(part, facts, scope, operator)];
  }

  // Of a choice each branch by itself: what the two can be together would say less.
  #notBool(part: AstNode, facts: Narrowing, scope: Variables, operator: string): readonly Finding[] {
    if (part.op === "?:") {
      return this.#branches(part, facts, scope).flatMap((it) => this.#notBool(it.branch, it.facts, scope, operator));
    }
    const { value } = this.check(part, facts, scope);
    return canBe(value, "bool") ? [] : [operandMistake(part, value, operator, this.#text)];
  }

  /** The branches of a choice that can be reached, and what is known in each. */
  #branches(node: AstNode, facts: Narrowing, scope: Variables): readonly Branch[] {
    const [condition = node, ...branches] = childrenOf(node);
    const known = withPlaces(facts, reportedPlaces(this.check(condition, facts, scope).findings));
    return [true, false].flatMap((outcome, at) => {
      const branch = branches[at];
      const reached = both(known, guardsOf(condition, outcome, scope.places, this.#deps));
      return branch === undefined || reached.never ? [] : [{ branch, facts: reached }];
    });
  }

  #choice(node: AstNode, facts: Narrowing, scope: Variables): Checked {
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

  #call(node: AstNode, facts: Narrowing, scope: Variables): Checked {
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
        const inside = withValues(new Map(scope.values).set(first.args, bound.value));
        const body = this.check(third, withPlaces(facts, reportedPlaces(bound.findings)), inside);
        return { value: body.value, findings: [...bound.findings, ...body.findings] };
      }
      if (isComprehension(name))
        return this.#comprehension(node, { name, receiver, variable: first.args, second, third }, facts, scope);
    }
    const { values, findings } = this.#inOrder(receiver === undefined ? args : [receiver, ...args], facts, scope);
    const target = receiver === undefined ? undefined : values[0];
    const given = receiver === undefined ? values : values.slice(1);
    const { matches } = this.#deps;
    const checked = checkCallWith(node, call, { target, given, text: this.#text, matches });
    return { value: checked.value, findings: [...findings, ...checked.findings] };
  }

  #comprehension(node: AstNode, comprehension: Comprehension, facts: Narrowing, scope: Variables): Checked {
    const { name, receiver, variable } = comprehension;
    return checkComprehension(node, comprehension, facts, {
      text: this.#text,
      list: this.check(receiver, facts, scope),
      inside: (item) => {
        const inner = withValues(new Map(scope.values).set(variable, item));
        return this.#parts(inner, `${name}()`, true);
      },
    });
  }

  /** The parts of an operator; `outcome`: what one comes out as, so that the next is evaluated. */
  #parts(scope: Variables, operator: string, outcome: boolean): PartChecks {
    return {
      check: (part, facts) => this.check(part, facts, scope),
      operand: (part, facts) => this.#operand(part, facts, scope, operator),
      guards: (part) => guardsOf(part, outcome, scope.places, this.#deps),
      matches: this.#deps.matches,
    };
  }
}
