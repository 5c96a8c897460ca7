/**
 * The tool server behind `portcullis demo`: expenses, customers and payments over stdio, kept in memory.
 *
 * Started as a program of its own. Arguments name the groups to serve (`expenses`, `crm`, `payments`); none means all.
 */
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  ErrorCode,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/ajv";
import { createDemoData, type DemoData } from "./demo-data.ts";
import { createDemoTools, DEMO_GROUPS, type DemoGroup, type DemoTool } from "./demo-tools.ts";

const CUSTOMER_TEMPLATE = "customers://{customer_id}";
const CUSTOMER_PREFIX = "customers://";
const RESOURCE_NOT_FOUND = -32002;

const MINUTES = {
  uri: "board://minutes",
  name: "minutes",
  title: "Minutes of the board",
  description: "What the board said last.",
  mimeType: "text/plain",
};

function serveTools(server: Server, tools: readonly DemoTool[]): void {
  const byName = new Map(tools.map((tool) => [tool.definition.name, tool]));
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: tools.map((tool) => tool.definition) }));
  server.setRequestHandler(CallToolRequestSchema, (request) => {
    const tool = byName.get(request.params.name);
    if (tool === undefined) throw new McpError(ErrorCode.InvalidParams, `Unknown tool: ${request.params.name}`);
    return tool.call(request.params.arguments ?? {});
  });
}

function serveCustomers(server: Server, data: DemoData): void {
  server.setRequestHandler(ListResourcesRequestSchema, () => ({
    resources: [
      ...[...data.customers.values()].map((customer) => ({
        uri: CUSTOMER_PREFIX + customer.customer_id,
        name: customer.customer_id,
        title: customer.name,
        description: `The record of ${customer.name}`,
        mimeType: "application/json",
      })),
      MINUTES,
    ],
  }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [
      {
        uriTemplate: CUSTOMER_TEMPLATE,
        name: "customer",
        title: "Customer record",
        description: "One customer by id",
        mimeType: "application/json",
      },
    ],
  }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params: { uri } }) => {
    if (uri === MINUTES.uri)
      return { contents: [{ uri, mimeType: MINUTES.mimeType, text: "To be merged with ACME." }] };
    const customer = uri.startsWith(CUSTOMER_PREFIX) && data.customers.get(uri.slice(CUSTOMER_PREFIX.length));
    if (!customer) throw new McpError(RESOURCE_NOT_FOUND, "Resource not found", { uri });
    return { contents: [{ uri, mimeType: "application/json", text: JSON.stringify(customer) }] };
  });
}

function serveExpenseReport(server: Server, data: DemoData): void {
  server.setRequestHandler(ListPromptsRequestSchema, () => ({
    prompts: [
      {
        name: "expense_report",
        title: "Expense report",
        description: "Asks for a summary of one month's expenses.",
        arguments: [
          { name: "month", description: "As YYYY-MM.", required: true },
          { name: "customer_id", description: "Whom the expenses were for." },
        ],
      },
    ],
  }));
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) => {
    if (params.name !== "expense_report") throw new McpError(ErrorCode.InvalidParams, `Unknown prompt: ${params.name}`);
    const month = params.arguments?.["month"] ?? "";
    if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) {
      throw new McpError(ErrorCode.InvalidParams, "month must be given as YYYY-MM, for example 2026-06");
    }
    const customer = params.arguments?.["customer_id"];
    const expenses = data.expenses.filter((expense) => expense.created_at.startsWith(month));
    const forWhom = customer === undefined ? "" : ` They were spent on customer ${customer}.`;
    return {
      description: `Expenses of ${month}`,
      messages: [
        {
          role: "user",
          content: {
            type: "text",
            text: `Write a short expense report for ${month}, with a total per currency.${forWhom}\n\n${JSON.stringify(expenses, null, 2)}`,
          },
        },
      ],
    };
  });
}

/** Completes customer ids, for the resource template and for the prompt. */
function serveCompletion(server: Server, data: DemoData): void {
  server.setRequestHandler(CompleteRequestSchema, ({ params: { argument } }) => {
    const ids = argument.name === "customer_id" ? [...data.customers.keys()] : [];
    const values = ids.filter((id) => id.startsWith(argument.value)).slice(0, 100);
    return { completion: { values, total: values.length, hasMore: false } };
  });
}

function parseGroups(args: readonly string[]): readonly DemoGroup[] {
  const groups = DEMO_GROUPS.filter((group) => args.includes(group));
  const unknown = args.find((arg) => !DEMO_GROUPS.some((group) => group === arg));
  if (unknown !== undefined) throw new Error(`Unknown group ${unknown}; the groups are ${DEMO_GROUPS.join(", ")}.`);
  return groups.length === 0 ? DEMO_GROUPS : groups;
}

const groups = parseGroups(process.argv.slice(2));
const data = createDemoData();
const schemas = new AjvJsonSchemaValidator();
const crm = groups.includes("crm");
const expenses = groups.includes("expenses");

const server = new Server(
  { name: `portcullis-demo-${groups.length === DEMO_GROUPS.length ? "all" : groups.join("-")}`, version: "1.0.0" },
  {
    capabilities: {
      tools: {},
      ...(crm && { resources: { listChanged: true } }),
      ...(expenses && { prompts: {} }),
      ...((crm || expenses) && { completions: {} }),
    },
    instructions: `A demo company: ${groups.join(", ")}. Nothing here is real, and it is forgotten when the process ends.`,
    jsonSchemaValidator: schemas,
  },
);

const tools = createDemoTools({
  data,
  schemas,
  now: Date.now,
  id: (prefix) => `${prefix}-${crypto.randomUUID().slice(0, 8)}`,
  // A peer that has just gone cannot be told; the process ends with its stdin.
  onCustomersChanged: () => void server.sendResourceListChanged().catch(() => undefined),
});

serveTools(
  server,
  tools.filter((tool) => groups.includes(tool.group)),
);
if (crm) serveCustomers(server, data);
if (expenses) serveExpenseReport(server, data);
if (crm || expenses) serveCompletion(server, data);

// The SDK's transport does not watch for the end of its input: without this an orphaned server would live on.
process.stdin.once("end", () => process.exit(0));
await server.connect(new StdioServerTransport());
