import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configOf, errorsOf, load, place } from "./helpers.ts";

const command = (text: string) => `upstreams: { a: { command: '${text}' } }`;
const commandOf = (text: string, env: Record<string, string> = {}, files: Record<string, string> = {}) => {
  const transport = configOf(command(text), env, files).upstreams[0]?.transport;
  return transport?.kind === "stdio" ? transport.command : undefined;
};

describe("a reference", () => {
  it.each<[string, string, Record<string, string>]>([
    [`\${A}`, "x", { A: "x" }],
    [`-\${A}-\${B}-`, "-x-y-", { A: "x", B: "y" }],
    [`\${A:-z}`, "x", { A: "x" }],
    [`\${A:-z}`, "z", {}],
    [`\${A:-z}`, "z", { A: "" }],
    [`\${A:-http://h:1/?a=b}`, "http://h:1/?a=b", {}],
    [`x\${A:-}`, "x", {}],
    [`x\${A}`, "x", { A: "" }],
    [`$\${A}`, `\${A}`, { A: "x" }],
    ["$A {A} $", "$A {A} $", { A: "x" }],
    [`\${A}`, `\${B}`, { A: `\${B}`, B: "x" }],
  ])("%s becomes %s", (text, expected, env) => {
    expect(commandOf(text, env)).toBe(expected);
  });

  it.each([
    ["secret", "secret"],
    ["secret\n", "secret"],
    ["secret\r\n", "secret"],
    ["two\nlines\n\n", "two\nlines\n"],
  ])("to a file that holds %j becomes %j, relative to the configuration", (content, expected) => {
    expect(commandOf(`\${file:./keys/a}`, {}, { "keys/a": content })).toBe(expected);
  });

  it("becomes a number or true and false where its key wants that", () => {
    const text = `server: { port: "\${PORT}" }\nauth: { anonymous: "\${ANON}", api_keys: [] }`;
    const config = configOf(text, { PORT: "8080", ANON: "true" });
    expect(config.server.port).toBe(8080);
    expect(config.auth.anonymous).toBe(true);
  });

  it("stays a text where its key wants that", () => {
    const transport = configOf(`upstreams: { a: { command: x, env: { PIN: "\${PIN}" } } }`, { PIN: "0123" })
      .upstreams[0]?.transport;
    expect(transport).toMatchObject({ env: { PIN: "0123" } });
  });

  it("does not turn quoted text into numbers on its own", () => {
    expect(errorsOf('server: { port: "8080" }').errors.map(place)).toEqual(["1:17 server.port"]);
  });

  it("to a file is remembered, so that the file can be watched", () => {
    const { dir, loaded } = load(command(`\${file:./key}`), {}, { key: "k" });
    expect(loaded.files).toEqual([join(dir, "portcullis.yaml"), join(dir, "key")]);
  });
});

describe("a reference that cannot be replaced is an error", () => {
  it.each([
    [`\${MISSING}`, "The environment variable MISSING is not set."],
    [`\${file:./nowhere}`, "The file ./nowhere cannot be read (ENOENT)."],
    [`\${file:.}`, "The file . cannot be read (EISDIR)."],
    [`\${A`, `A reference that starts with \${ has no closing }.`],
    [`\${}`, `This is not a reference: the text between \${ and } is no name of a variable.`],
    [`\${A-B}`, `This is not a reference: the text between \${ and } is no name of a variable.`],
  ])("%s", (text, message) => {
    const { errors } = errorsOf(command(text));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ line: 1, key: "upstreams.a.command", message });
  });

  it("and all of them are told at once", () => {
    const { errors } = errorsOf(`upstreams:\n  a: { command: "\${A}\${B}", cwd: "\${C}" }`);
    expect(errors.map((error) => error.message)).toEqual(
      ["A", "B", "C"].map((name) => `The environment variable ${name} is not set.`),
    );
  });
});

it.each<[string, string, object | undefined]>([
  [
    "headers",
    `url: "https://a.example", headers: { A: "\${X}", B: "Bearer \${X}", C: "a\${X}", D: "$\${X}", E: x, F: "a b \${X}" }`,
    { A: `\${X}`, B: `Bearer \${X}` },
  ],
  ["env", `command: x, env: { A: "\${X}", B: "\${X}\${X}", C: "\${X:-y}" }`, { A: `\${X}`, C: `\${X:-y}` }],
  ["nothing", `command: x, env: { A: y }`, undefined],
])("values of %s that are a reference and nothing else are noted as they are written", (_, entry, references) => {
  expect(configOf(`upstreams: { a: { ${entry} } }`, { X: "x" }).upstreams[0]?.references).toEqual(references);
});

describe("no error shows", () => {
  const CANARY = "canary-51bd";
  const files = { key: CANARY };

  it.each([
    ["a variable that is no URL", `upstreams: { a: { url: "\${SECRET}" } }`],
    ["a file that is no URL", `upstreams: { a: { url: "\${file:./key}" } }`],
    ["a variable that is no choice", `errors: "\${SECRET}"`],
    ["a variable that is no number", `server: { port: "\${SECRET}" }`],
    ["a variable that is no duration", `server: { hold: "\${SECRET}" }`],
    ["a variable that names no folder", `policies: { dir: "\${SECRET}" }`],
    ["a variable that names no upstream", `endpoints: { x: { upstreams: ["\${SECRET}"] } }`],
    ["a default that is no URL", `upstreams: { a: { url: "\${X:-${CANARY}}" } }`],
    [
      "a literal header beside a mistake",
      `upstreams: { a: { url: 5, headers: { Authorization: "Bearer ${CANARY}" } } }`,
    ],
    ["a literal variable beside a mistake", `upstreams: { a: { comand: x, env: { TOKEN: ${CANARY} } } }`],
    ["a literal under an unknown key", `upstreams: { a: { command: x, enviroment: { T: ${CANARY} } } }`],
    ["a literal password in a URL", `upstreams: { a: { url: "https://u:${CANARY}@x.example" } }`],
    ["a literal key", `secrets: { key: ${CANARY} }`],
    ["a literal argument", `upstreams: { a: { command: 5, args: ["--token", "${CANARY}"] } }`],
    ["a literal in broken YAML", `upstreams: { a: { env: { TOKEN: "${CANARY} } }`],
    ["a literal over several lines", `secrets:\n  key: >-\n    ${CANARY}\n    ${CANARY}\n`],
  ])("%s", (_, text) => {
    const { errors, printed } = errorsOf(text, { SECRET: CANARY }, files);
    expect(printed).not.toContain(CANARY);
    expect(JSON.stringify(errors)).not.toContain(CANARY);
  });
});
