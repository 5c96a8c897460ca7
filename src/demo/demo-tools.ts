import type { CallToolResult, Tool } from "@modelcontextprotocol/sdk/types.js";
import type { JsonSchemaType, jsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/types.js";
import { type DemoData, type Expense, type Payment, remember } from "./demo-data.ts";

/** What the tools need from outside. */
export interface DemoToolsDeps {
  readonly data: DemoData;
  /** ms since the epoch. */
  readonly now: () => number;
  /** A fresh id with this prefix. */
  readonly id: (prefix: string) => string;
  readonly schemas: jsonSchemaValidator;
  /** Called after a customer is gone, so that clients read the resource list again. */
  readonly onCustomersChanged: () => void;
}

/** The three groups of the demo; each can be served as an upstream of its own. */
export const DEMO_GROUPS = ["expenses", "crm", "payments"] as const;
export type DemoGroup = (typeof DEMO_GROUPS)[number];

/** One tool: what is listed, and what runs. Arguments are checked against the listed schema first. */
export interface DemoTool {
  readonly group: DemoGroup;
  readonly definition: Tool;
  /** `args` as the client sent them, unchecked. */
  call(args: unknown): CallToolResult;
}

const EXPENSE_SCHEMA = {
  type: "object" as const,
  properties: {
    id: { type: "string" },
    amount: { type: "number" },
    currency: { type: "string" },
    purpose: { type: "string" },
    note: { type: "string" },
    created_at: { type: "string", format: "date-time" },
  },
  required: ["id", "amount", "currency", "purpose", "created_at"],
};

const CUSTOMER_ID_SCHEMA = {
  type: "object" as const,
  properties: { customer_id: { type: "string", minLength: 1, description: "For example c-1001." } },
  required: ["customer_id"],
  additionalProperties: false,
};

/** All tools of the demo, in the order in which they are listed. */
export function createDemoTools(deps: DemoToolsDeps): readonly DemoTool[] {
  return [...expenseTools(deps), ...customerTools(deps), ...paymentTools(deps)];
}

/** Makes tools of one group. */
function toolsOf(group: DemoGroup, { schemas }: DemoToolsDeps) {
  return <Args>(definition: Tool, run: (args: Args) => CallToolResult): DemoTool => {
    const check = schemas.getValidator<Args>(definition.inputSchema as JsonSchemaType);
    return {
      group,
      definition,
      call(args) {
        const checked = check(args);
        return checked.valid ? run(checked.data) : refusal(`Invalid arguments: ${checked.errorMessage}`);
      },
    };
  };
}

function expenseTools(deps: DemoToolsDeps): readonly DemoTool[] {
  const { data } = deps;
  const tool = toolsOf("expenses", deps);
  return [
    tool<Omit<Expense, "id" | "created_at">>(
      {
        name: "create_expense",
        title: "File an expense",
        description: "Files an expense for reimbursement and returns it with its id.",
        inputSchema: {
          type: "object",
          properties: {
            amount: { type: "number", exclusiveMinimum: 0, description: "In units of the currency, not cents." },
            currency: { type: "string", enum: ["EUR", "USD", "GBP", "JPY"] },
            purpose: { type: "string", minLength: 1, description: "What the money was spent on." },
            note: { type: "string", description: "Anything the reviewer should know." },
          },
          required: ["amount", "currency", "purpose"],
          additionalProperties: false,
        },
        outputSchema: {
          type: "object",
          properties: { id: { type: "string" }, expense: EXPENSE_SCHEMA },
          required: ["id", "expense"],
        },
        annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
      },
      (args) => {
        const expense: Expense = { id: deps.id("exp"), ...args, created_at: stamp(deps) };
        remember(data.expenses, expense);
        return answer(`Filed ${expense.id}: ${args.amount} ${args.currency} for ${args.purpose}.`, {
          id: expense.id,
          expense,
        });
      },
    ),
    tool<{ currency?: string }>(
      {
        name: "list_expenses",
        title: "List expenses",
        description: "Lists the filed expenses, oldest first.",
        inputSchema: {
          type: "object",
          properties: { currency: { type: "string", enum: ["EUR", "USD", "GBP", "JPY"] } },
          additionalProperties: false,
        },
        outputSchema: {
          type: "object",
          properties: { expenses: { type: "array", items: EXPENSE_SCHEMA } },
          required: ["expenses"],
        },
        annotations: { readOnlyHint: true, openWorldHint: false },
      },
      (args) => {
        const expenses = data.expenses.filter((e) => args.currency === undefined || e.currency === args.currency);
        return answer(JSON.stringify(expenses), { expenses });
      },
    ),
  ];
}

function customerTools(deps: DemoToolsDeps): readonly DemoTool[] {
  const { data } = deps;
  const tool = toolsOf("crm", deps);
  return [
    tool<{ customer_id: string }>(
      {
        name: "get_customer",
        title: "Look up a customer",
        description: "Returns one customer with contact and payment details.",
        inputSchema: CUSTOMER_ID_SCHEMA,
        annotations: { readOnlyHint: true, openWorldHint: false },
      },
      ({ customer_id }) => {
        const customer = data.customers.get(customer_id);
        if (customer === undefined) return refusal(`There is no customer ${customer_id}. Try search_customers.`);
        return answer(JSON.stringify(customer), { ...customer });
      },
    ),
    tool<{ query: string; region?: string }>(
      {
        name: "search_customers",
        title: "Search customers",
        description: "Finds customers whose name or e-mail contains the query, optionally within one region.",
        inputSchema: {
          type: "object",
          properties: {
            query: { type: "string", description: "Part of a name or e-mail; empty finds everybody." },
            region: { type: "string", enum: ["emea", "amer", "apac"] },
          },
          required: ["query"],
          additionalProperties: false,
        },
        annotations: { readOnlyHint: true, openWorldHint: false },
      },
      ({ query, region }) => {
        const wanted = query.toLowerCase();
        const customers = [...data.customers.values()].filter(
          (c) =>
            (region === undefined || c.region === region) &&
            (c.name.toLowerCase().includes(wanted) || c.email.toLowerCase().includes(wanted)),
        );
        return answer(JSON.stringify(customers), { customers });
      },
    ),
    tool<{ customer_id: string }>(
      {
        name: "delete_customer",
        title: "Delete a customer",
        description: "Deletes a customer and everything known about them. This cannot be undone.",
        inputSchema: CUSTOMER_ID_SCHEMA,
        annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
      },
      ({ customer_id }) => {
        if (!data.customers.delete(customer_id)) return refusal(`There is no customer ${customer_id}.`);
        deps.onCustomersChanged();
        return answer(`Deleted customer ${customer_id}.`, { customer_id, deleted: true });
      },
    ),
  ];
}

function paymentTools(deps: DemoToolsDeps): readonly DemoTool[] {
  const { data } = deps;
  const tool = toolsOf("payments", deps);
  return [
    tool<{ amount: number; to: string }>(
      {
        name: "make_payment",
        title: "Send a payment",
        description: "Sends money from the company account. The demo only writes it down.",
        inputSchema: {
          type: "object",
          properties: {
            amount: { type: "number", exclusiveMinimum: 0, description: "In euros." },
            to: { type: "string", minLength: 1, description: "The recipient's name or account." },
          },
          required: ["amount", "to"],
          additionalProperties: false,
        },
        annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
      },
      ({ amount, to }) => {
        const payment: Payment = { id: deps.id("pay"), amount, to, sent_at: stamp(deps) };
        remember(data.payments, payment);
        return answer(`Sent ${amount} EUR to ${to} (${payment.id}).`, { ...payment });
      },
    ),
  ];
}

function stamp({ now }: DemoToolsDeps): string {
  return new Date(now()).toISOString();
}

function answer(text: string, structuredContent: Record<string, unknown>): CallToolResult {
  return { content: [{ type: "text", text }], structuredContent };
}

function refusal(text: string): CallToolResult {
  return { content: [{ type: "text", text }], isError: true };
}
