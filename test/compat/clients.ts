/** A client, or a bridge to one, and the small program that drives it. */
export interface ClientEntry {
  readonly name: string;
  /** What is installed, from npm, PyPI or as a module of Go; all of it pinned. */
  readonly install:
    | { readonly npm: readonly string[] }
    | { readonly python: readonly string[] }
    | { readonly go: string };
  /** Its file in `clients/`. */
  readonly script: string;
  /** Told to the script, which may drive several clients. */
  readonly mode?: string;
}

const SDK = "@modelcontextprotocol/sdk@1.32.2";
const SDK2 = "@modelcontextprotocol/client@2.4.0";

/** Real clients. */
export const CLIENTS: readonly ClientEntry[] = [
  { name: "TypeScript SDK v1, Streamable HTTP", install: { npm: [SDK] }, script: "sdk1.mjs", mode: "http" },
  { name: "TypeScript SDK v1, stdio", install: { npm: [SDK] }, script: "sdk1.mjs", mode: "stdio" },
  { name: "TypeScript SDK v2, 2025-11-25", install: { npm: [SDK2] }, script: "sdk2.mjs", mode: "legacy" },
  { name: "TypeScript SDK v2, auto", install: { npm: [SDK2] }, script: "sdk2.mjs", mode: "auto" },
  { name: "TypeScript SDK v2, stdio", install: { npm: [SDK2] }, script: "sdk2.mjs", mode: "stdio" },
  { name: "Inspector CLI", install: { npm: ["@modelcontextprotocol/inspector@2.12.0"] }, script: "inspector.mjs" },
  { name: "mcp-remote", install: { npm: ["mcp-remote@0.15.1", SDK] }, script: "bridge.mjs", mode: "mcp-remote" },
  {
    name: "supergateway to stdio",
    install: { npm: ["supergateway@4.0.0", SDK] },
    script: "bridge.mjs",
    mode: "supergateway",
  },
  {
    name: "supergateway from stdio",
    install: { npm: ["supergateway@4.0.0", SDK] },
    script: "served.mjs",
    mode: "supergateway",
  },
  {
    name: "mcp-proxy from stdio",
    install: { npm: ["mcp-proxy@6.7.19", SDK] },
    script: "served.mjs",
    mode: "mcp-proxy",
  },
  { name: "mcporter", install: { npm: ["mcporter@0.12.3"] }, script: "mcporter.mjs" },
  { name: "AI SDK", install: { npm: ["@ai-sdk/mcp@2.0.99", "ai@7.0.173"] }, script: "ai-sdk.mjs" },
  {
    name: "LangChain adapters",
    install: { npm: ["@langchain/mcp-adapters@1.1.4", "@langchain/core@1.4.0"] },
    script: "langchain.mjs",
  },
  { name: "OpenAI Agents", install: { npm: ["@openai/agents@0.20.0", "zod@4.6.7"] }, script: "openai-agents.mjs" },
  { name: "Mastra", install: { npm: ["@mastra/mcp@2.0.0"] }, script: "mastra.mjs" },
  { name: "Python SDK", install: { python: ["mcp==2.3.0"] }, script: "python_sdk.py" },
  { name: "Python SDK v1", install: { python: ["mcp==1.30.0"] }, script: "python_sdk.py" },
  { name: "FastMCP", install: { python: ["fastmcp==4.1.6"] }, script: "fastmcp_client.py" },
  {
    name: "LangChain adapters, Python",
    install: { python: ["langchain-mcp-adapters==0.3.2"] },
    script: "langchain_adapters.py",
  },
  { name: "OpenAI Agents, Python", install: { python: ["openai-agents==0.24.0"] }, script: "openai_agents.py" },
  { name: "Go SDK", install: { go: "github.com/modelcontextprotocol/go-sdk@v1.8.0" }, script: "go/main.go" },
];
