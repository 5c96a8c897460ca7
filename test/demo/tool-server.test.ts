import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ResourceListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TOOL_SERVER } from "../support/built.ts";

async function connect(...groups: string[]): Promise<Client> {
  const client = new Client({ name: "test", version: "1" });
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [TOOL_SERVER, ...groups],
      stderr: "inherit",
    }),
  );
  return client;
}

describe("the demo tool server", () => {
  let client: Client;
  beforeAll(async () => {
    client = await connect();
  });
  afterAll(() => client.close());

  it("lists every tool with a title, a description and annotations", async () => {
    const { tools } = await client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual([
      "create_expense",
      "list_expenses",
      "get_customer",
      "search_customers",
      "delete_customer",
      "make_payment",
    ]);
    for (const tool of tools) {
      expect(tool).toMatchObject({ title: expect.any(String), description: expect.any(String) });
      expect(tool.annotations?.readOnlyHint).toBeTypeOf("boolean");
    }
  });

  it("stores an expense, answers with it as its output schema says, and lists it afterwards", async () => {
    // The client itself checks structured content against the listed output schema.
    await client.listTools();
    const created = await client.callTool({
      name: "create_expense",
      arguments: { amount: 12.5, currency: "EUR", purpose: "Lunch", note: "With the auditor" },
    });
    const stored = created.structuredContent as { id: string; expense: unknown };
    expect(stored.expense).toMatchObject({ id: stored.id, amount: 12.5, currency: "EUR", note: "With the auditor" });
    const listed = await client.callTool({ name: "list_expenses", arguments: { currency: "EUR" } });
    expect(listed.structuredContent).toMatchObject({ expenses: expect.arrayContaining([stored.expense]) });
  });

  it.each([
    ["a missing argument", "create_expense", { amount: 1, currency: "EUR" }],
    ["a currency that is not listed", "create_expense", { amount: 1, currency: "XXX", purpose: "p" }],
    ["an amount below zero", "make_payment", { amount: -1, to: "Eve" }],
    ["an argument that the tool does not have", "get_customer", { customer_id: "c-1001", admin: true }],
  ])("refuses %s", async (_case, name, args) => {
    const result = await client.callTool({ name, arguments: args });
    expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining("Invalid arguments") }] });
  });

  it("finds customers by name within a region", async () => {
    const everybody = await client.callTool({ name: "search_customers", arguments: { query: "", region: "emea" } });
    expect(everybody.structuredContent).toMatchObject({
      customers: [{ customer_id: "c-1001" }, { customer_id: "c-1004" }, { customer_id: "c-1005" }],
    });
    const one = await client.callTool({ name: "search_customers", arguments: { query: "TANAKA" } });
    expect(one.structuredContent).toMatchObject({
      customers: [{ customer_id: "c-1003", email: "chiyo.tanaka@fabrikam.example" }],
    });
  });

  it("reads a customer as a resource, and says which one is unknown", async () => {
    expect(await client.listResourceTemplates()).toMatchObject({
      resourceTemplates: [{ uriTemplate: "customers://{customer_id}" }],
    });
    const { contents } = await client.readResource({ uri: "customers://c-1001" });
    expect(contents).toMatchObject([{ mimeType: "application/json", text: expect.stringContaining("Ada Okafor") }]);
    await expect(client.readResource({ uri: "customers://nobody" })).rejects.toMatchObject({
      code: -32002,
      data: { uri: "customers://nobody" },
    });
  });

  it("completes customer ids", async () => {
    const { completion } = await client.complete({
      ref: { type: "ref/resource", uri: "customers://{customer_id}" },
      argument: { name: "customer_id", value: "c-100" },
    });
    expect(completion.values).toEqual(["c-1001", "c-1002", "c-1003", "c-1004", "c-1005"]);
  });

  it("renders the expense report of a month, and refuses what is no month", async () => {
    const { messages } = await client.getPrompt({ name: "expense_report", arguments: { month: "2026-06" } });
    expect(messages).toMatchObject([{ role: "user", content: { text: expect.stringContaining("Conference ticket") } }]);
    await expect(client.getPrompt({ name: "expense_report", arguments: { month: "June" } })).rejects.toThrow(/YYYY-MM/);
  });

  // Last: the server keeps what is done to it.
  it("deletes a customer once, and tells that the resources changed", async () => {
    const told = new Promise((resolve) => {
      client.setNotificationHandler(ResourceListChangedNotificationSchema, resolve);
    });
    const remove = () => client.callTool({ name: "delete_customer", arguments: { customer_id: "c-1002" } });
    expect(await remove()).toMatchObject({ structuredContent: { deleted: true } });
    await told;
    expect(await remove()).toMatchObject({ isError: true });
    const { resources } = await client.listResources();
    expect(resources.map((resource) => resource.uri)).not.toContain("customers://c-1002");
  });
});

describe("the demo tool server with one group", () => {
  it("shows only that group's tools and capabilities", async () => {
    const client = await connect("payments");
    try {
      expect((await client.listTools()).tools.map((tool) => tool.name)).toEqual(["make_payment"]);
      expect(client.getServerCapabilities()).toEqual({ tools: {} });
    } finally {
      await client.close();
    }
  });
});
