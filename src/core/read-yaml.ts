import {
  type Alias,
  Composer,
  type CST,
  type Document,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  type YAMLError,
} from "yaml";
import {
  DEEP,
  limit,
  MAX_PROBLEMS,
  number,
  survey,
  YAML_LIMITS,
  type YamlProblem,
  yamlProblem,
} from "./survey-yaml.ts";

/** Where in a text something stands, from 1. */
export type PositionAt = (offset: number) => { readonly line: number; readonly column: number };

export type ReadYaml =
  | {
      readonly ok: true;
      readonly document: Document.Parsed;
      /** Values and names, those behind an alias counted wherever it stands. */
      readonly values: number;
      /** What an alias stands for. */
      targetOf(alias: Alias): Node | undefined;
      readonly warnings: readonly YamlProblem[];
      readonly position: PositionAt;
    }
  | { readonly ok: false; readonly problems: readonly YamlProblem[]; readonly position: PositionAt };

/**
 * Reads one document of YAML 1.2 within bounds, in time that grows with the text and no faster. Depth and number of tokens are known
 * before anything is composed, which the parser does by recursion; that a name stands twice is found here, because the
 * parser compares each with all before it. @throws never for what stands in the text
 */
export function readYaml(text: string): ReadYaml {
  const lines = new LineCounter();
  const position: PositionAt = (offset) => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const refuse = (problems: readonly YamlProblem[]): ReadYaml => ({
    ok: false,
    problems: problems.slice(0, MAX_PROBLEMS),
    position,
  });
  try {
    const read = tokensOf(text, lines);
    if (!read.ok) return refuse([read.problem]);
    const { document, second } = compose(read.tokens, text.length);
    if (document === undefined) return refuse([yamlProblem(0, "EMPTY", "The file cannot be read as YAML.")]);
    if (second !== undefined)
      return refuse([yamlProblem(second, "MULTIPLE_DOCS", "The file holds several YAML documents.")]);
    const { problems: found, targets, values } = survey(document.contents);
    const problems = [...document.errors.map(problemOf), ...found];
    if (problems.length > 0) return refuse(problems);
    const warnings = document.warnings.map(problemOf).slice(0, MAX_PROBLEMS);
    return { ok: true, document, values, targetOf: (alias) => targets.get(alias), warnings, position };
  } catch (error) {
    // The parser gives up on some texts by an exception, for example of too many comments in a row.
    return refuse([
      yamlProblem(0, "UNREADABLE", error instanceof Error ? error.message : "The file cannot be read as YAML."),
    ]);
  }
}

function problemOf({ pos, code, message }: YAMLError): YamlProblem {
  return yamlProblem(pos[0], code, `This is not valid YAML: ${message}.`);
}

type Tokens =
  | { readonly ok: true; readonly tokens: readonly CST.Token[] }
  | { readonly ok: false; readonly problem: YamlProblem };

function tokensOf(text: string, lines: LineCounter): Tokens {
  const { maxTokens, maxDepth } = YAML_LIMITS;
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  const tokens: CST.Token[] = [];
  let count = 0;
  let offset = 0;
  for (const lexeme of new Lexer().lex(text)) {
    count += weigh(lexeme);
    if (count > maxTokens) {
      return {
        ok: false,
        problem: limit(offset, `has more than ${number(maxTokens)} texts, marks, lines and escapes`),
      };
    }
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (!isSign(lexeme)) offset += lexeme.length;
  }
  for (const token of parser.end()) tokens.push(token);
  let level = tokens.flatMap((token) => (token.type === "document" && token.value ? [token.value] : []));
  for (let depth = 0; level.length > 0; depth++) {
    const [first] = level;
    if (depth > maxDepth && first !== undefined) return { ok: false, problem: limit(first.offset, DEEP) };
    level = level.flatMap(tokensIn);
  }
  return { ok: true, tokens };
}

// The lexer's own signs have no width: a document, a text begins; a flow ends too early.
function isSign(lexeme: string): boolean {
  return lexeme === "\u0002" || lexeme === "\u001f" || lexeme === "\u0018";
}

function weigh(lexeme: string): number {
  const first = lexeme[0];
  if (first === " " || first === "\t" || isSign(lexeme)) return 0;
  // Each escape may be a mistake of its own.
  return first === '"' ? lexeme.split("\\").length : 1;
}

function tokensIn(token: CST.Token): readonly CST.Token[] {
  if (token.type !== "block-map" && token.type !== "block-seq" && token.type !== "flow-collection") return [];
  return token.items.flatMap(({ key, value }) => [key ?? [], value ?? []].flat());
}

function compose(tokens: readonly CST.Token[], length: number) {
  let document: Document.Parsed | undefined;
  // Names that stand twice are found in `survey`. A stack for each of very many mistakes would cost more than all else.
  const composer = new Composer({ prettyErrors: false, version: "1.2", schema: "core", uniqueKeys: false });
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    for (const next of composer.compose(tokens, true, length)) {
      if (document !== undefined) return { document, second: next.range[0] };
      document = next;
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return { document, second: undefined };
}
