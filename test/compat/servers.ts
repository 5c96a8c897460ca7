/** A server of the npm registry, and what to try with it. `{work}` in its texts is the entry's folder. */
export interface ServerEntry {
  /** What the upstream is called. */
  readonly name: string;
  readonly package: string;
  readonly version: string;
  /** `npx`: as clients start it, by `npx -y`. `node`: installed before, and its script run by `node`. */
  readonly form: "npx" | "node";
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A call that changes nothing. Without it the server is only listed: its tools need an account, a browser or the internet. */
  readonly call?: readonly [tool: string, args: Readonly<Record<string, unknown>>];
  /** What in its answers is another thing each time, such as the time. */
  readonly varies?: RegExp;
}

const OFFICIAL = "@modelcontextprotocol/server-";
const APPS = "2.0.3";
const TIMES = /\d{4}-\d\d-\d\dT[\d:.]+Z|\d+:\d\d:\d\d [AP]M/g;

/** Real servers, pinned. */
export const SERVERS: readonly ServerEntry[] = [
  {
    name: "everything",
    package: `${OFFICIAL}everything`,
    version: "2026.8.31",
    form: "npx",
    call: ["get-structured-content", { location: "Chicago" }],
    varies: TIMES,
  },
  {
    name: "filesystem",
    package: `${OFFICIAL}filesystem`,
    version: "2026.8.31",
    form: "npx",
    args: ["{work}"],
    call: ["read_text_file", { path: "{work}/notes.md" }],
  },
  {
    name: "memory",
    package: `${OFFICIAL}memory`,
    version: "2026.8.31",
    form: "node",
    env: { MEMORY_FILE_PATH: "{work}/memory.jsonl" },
    call: ["read_graph", {}],
  },
  {
    name: "sequential-thinking",
    package: `${OFFICIAL}sequential-thinking`,
    version: "2026.8.31",
    form: "npx",
    call: ["sequentialthinking", { thought: "One.", nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 }],
  },
  {
    name: "budget-allocator",
    package: `${OFFICIAL}budget-allocator`,
    version: APPS,
    form: "npx",
    args: ["--stdio"],
    call: ["get-budget-data", {}],
  },
  {
    name: "cohort-heatmap",
    package: `${OFFICIAL}cohort-heatmap`,
    version: APPS,
    form: "node",
    args: ["--stdio"],
  },
  {
    name: "sheet-music",
    package: `${OFFICIAL}sheet-music`,
    version: APPS,
    form: "npx",
    args: ["--stdio"],
    call: ["play-sheet-music", { abcNotation: "X:1\nT:Scale\nK:C\nCDEF|" }],
  },
  {
    name: "eslint",
    package: "@eslint/mcp",
    version: "0.3.13",
    form: "node",
    call: ["lint-files", { filePaths: ["{work}/sample.js"] }],
  },
  {
    name: "code-runner",
    package: "mcp-server-code-runner",
    version: "0.1.8",
    form: "npx",
    call: ["run-code", { code: "console.log(6 * 7)", languageId: "javascript" }],
  },
  {
    name: "hello-world",
    package: "mcp-hello-world",
    version: "1.1.2",
    form: "npx",
    call: ["echo", { message: "hello" }],
  },
  {
    name: "desktop-commander",
    package: "@wonderwhy-er/desktop-commander",
    version: "0.2.52",
    form: "node",
    call: ["list_directory", { path: "{work}", depth: 1 }],
  },
  {
    name: "git",
    package: "@cyanheads/git-mcp-server",
    version: "2.15.3",
    form: "node",
    env: { GIT_BASE_DIR: "{work}", GIT_SIGN_COMMITS: "false", MCP_LOG_LEVEL: "error", LOGS_DIR: "{work}/logs" },
    call: ["git_log", { path: "{work}/repository" }],
  },
  {
    name: "n8n",
    package: "n8n-mcp",
    version: "2.87.0",
    form: "node",
    env: { MCP_MODE: "stdio", LOG_LEVEL: "error", DISABLE_CONSOLE_OUTPUT: "true", N8N_MCP_TELEMETRY_DISABLED: "true" },
    call: ["search_nodes", { query: "webhook", limit: 2 }],
  },
  {
    name: "mastra-docs",
    package: "@mastra/mcp-docs-server",
    version: "1.2.27",
    form: "node",
  },
  {
    name: "excel",
    package: "@negokaz/excel-mcp-server",
    version: "0.12.0",
    form: "npx",
  },
  {
    name: "time",
    package: "time-mcp",
    version: "1.0.6",
    form: "npx",
    call: ["get_week_year", { date: "2026-11-30" }],
  },
  {
    name: "commands",
    package: "mcp-server-commands",
    version: "0.5.0",
    form: "npx",
  },
  {
    name: "vuetify",
    package: "@vuetify/mcp",
    version: "0.12.1",
    form: "node",
  },
  {
    name: "primevue",
    package: "@primevue/mcp",
    version: "5.0.1",
    form: "npx",
  },
  {
    name: "mermaid",
    package: "mcp-mermaid",
    version: "0.4.1",
    form: "node",
  },
  {
    name: "playwright",
    package: "@playwright/mcp",
    version: "0.0.83",
    form: "npx",
    args: ["--headless", "--isolated"],
  },
  {
    name: "chrome-devtools",
    package: "chrome-devtools-mcp",
    version: "1.11.0",
    form: "npx",
    args: ["--headless"],
  },
  {
    name: "context7",
    package: "@upstash/context7-mcp",
    version: "4.1.1",
    form: "npx",
  },
  {
    name: "notion",
    package: "@notionhq/notion-mcp-server",
    version: "2.5.2",
    form: "node",
    env: { NOTION_TOKEN: "ntn_none" },
  },
  {
    name: "github",
    package: `${OFFICIAL}github`,
    version: "2025.4.8",
    form: "node",
  },
  {
    name: "mongodb",
    package: "mongodb-mcp-server",
    version: "3.0.4",
    form: "node",
    env: { MDB_MCP_TELEMETRY: "disabled", MDB_MCP_LOG_PATH: "{work}/logs" },
  },
  {
    name: "figma",
    package: "figma-developer-mcp",
    version: "0.13.2",
    form: "npx",
    args: ["--stdio", "--figma-api-key=none"],
  },
  {
    name: "gitlab",
    package: "@zereight/mcp-gitlab",
    version: "2.1.64",
    form: "node",
    env: { GITLAB_PERSONAL_ACCESS_TOKEN: "none" },
  },
  {
    name: "chart",
    package: "@antv/mcp-server-chart",
    version: "0.9.10",
    form: "npx",
  },
  {
    name: "firecrawl",
    package: "firecrawl-mcp",
    version: "3.26.0",
    form: "node",
    env: { FIRECRAWL_API_KEY: "none" },
  },
];
