import type { ClientRow } from "./try-client.ts";
import type { ServerRow } from "./try-server.ts";

/** One line of the run's table. */
export function rowLine(row: ServerRow | ClientRow): string {
  const verdict = row.differences.length === 0 ? "ok" : "FAILED";
  const what = "form" in row ? `${row.package}@${row.version} (${row.form})` : row.versions.join(" ");
  const count = "form" in row ? countsText(row) : `${row.tools ?? "-"} tools`;
  const line = `${verdict.padEnd(6)}  ${row.name.padEnd(34)}  ${count.padEnd(24)}  ${String(row.seconds).padStart(3)} s  ${what}`;
  return [line, ...row.differences.slice(0, 20).map((difference) => `        ${difference}`)].join("\n");
}

function countsText({ counts, asked }: ServerRow): string {
  if (counts === undefined) return "-";
  const { tools, prompts, resources, resourceTemplates } = counts;
  return `${tools}/${prompts}/${resources}/${resourceTemplates}, ${asked.length} asked`;
}

/** The document: what was tried with which versions, and what came of it. */
export function renderDocument(
  servers: readonly ServerRow[],
  clients: readonly ClientRow[],
  facts: { readonly day: string; readonly node: string },
): string {
  const counts = servers.map(({ counts }) => counts?.tools ?? 0);
  return `# Compatibility

Written by \`npm run compat -- --write\` on ${facts.day}, with Node ${facts.node}: real servers asked directly and through the gateway, and real
clients with and without it.

## Servers

${servers.length} servers of the npm registry with ${counts.reduce((sum, count) => sum + count, 0)} tools. Each was started as clients start it, and listed and called directly and through
the gateway: as a client of 2025-11-25 at \`/mcp/<server>\` and at \`/mcp\`, and as one of 2026-07-28. *Lists* are tools, prompts, resources and
templates. **same** means the same text: each item with all its members in their order and every digit, and each answer; only names get
\`<server>__\` in front at \`/mcp\`. A call that is named succeeded; servers without one need an account, a browser or the internet for theirs. After each, no
process was left.

Questions that servers ask in the middle of a call are no part of it: [one combination of the two eras has none](upstreams.md#what-a-server-asks).

| server | version | started by | lists | asked | through the gateway |
|---|---|---|---|---|---|
${servers.map(serverLine).join("\n")}

## Clients

Each lists and calls \`@modelcontextprotocol/server-everything\`: directly, then through the gateway at \`/mcp/everything\` and at \`/mcp\`, with
an API key, or over standard input and output. **same** means the same names, definitions and answer, as the client gave them. Left out are what the eras
say differently, and the tools that this server shows only to clients that can be asked something, as the gateway shows them to all.

| client | with | tools | through the gateway |
|---|---|---|---|
${clients.map(clientLine).join("\n")}
`;
}

function serverLine({ package: name, version, form, counts, asked, differences }: ServerRow): string {
  const lists =
    counts === undefined ? "-" : [counts.tools, counts.prompts, counts.resources, counts.resourceTemplates].join(" / ");
  const what = asked.map((each) => cell(each.replace(/^call (.+)$/, "`$1`"))).join(", ");
  return `| ${cell(name)} | ${version} | ${form === "npx" ? "`npx -y`" : "`node`"} | ${lists} | ${what} | ${verdictOf(differences)} |`;
}

function clientLine({ name, versions, tools, differences }: ClientRow): string {
  return `| ${cell(name)} | ${versions.map(cell).join(", ")} | ${tools ?? "-"} | ${verdictOf(differences)} |`;
}

function verdictOf(differences: readonly string[]): string {
  return differences.length === 0 ? "same" : cell(differences.join("; ").slice(0, 300));
}

function cell(text: string): string {
  return text.replace(/\s+/g, " ").replaceAll("|", "\\|");
}
