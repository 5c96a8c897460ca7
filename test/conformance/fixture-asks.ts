import type { ElicitRequestFormParams, ElicitResult, Tool } from "@modelcontextprotocol/sdk/types.js";

/** A tool of the legacy fixture that elicits while it runs. */
export interface AskingTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: Tool["inputSchema"];
  request(args: Record<string, unknown>): ElicitRequestFormParams;
  report(answer: ElicitResult): string;
}

const completed = (answer: ElicitResult) =>
  `Elicitation completed: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`;

/** The three eliciting tools that the 2025-11-25 scenarios call. */
export const ASKS: readonly AskingTool[] = [
  {
    name: "test_elicitation",
    description: "Asks the user for a name and an e-mail",
    inputSchema: {
      type: "object",
      properties: { message: { type: "string", description: "The message to show the user" } },
      required: ["message"],
    },
    request: (args) => ({
      message: String(args["message"]),
      requestedSchema: {
        type: "object",
        properties: {
          username: { type: "string", description: "User's response" },
          email: { type: "string", description: "User's email address" },
        },
        required: ["username", "email"],
      },
    }),
    report: (answer) => `User response: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`,
  },
  {
    name: "test_elicitation_sep1034_defaults",
    description: "Asks with a default for every primitive type",
    inputSchema: { type: "object", properties: {} },
    request: () => ({
      message: "Please review these values",
      requestedSchema: {
        type: "object",
        properties: {
          name: { type: "string", description: "Name", default: "John Doe" },
          age: { type: "integer", description: "Age", default: 30 },
          score: { type: "number", description: "Score", default: 95.5 },
          status: {
            type: "string",
            description: "Status",
            enum: ["active", "inactive", "pending"],
            default: "active",
          },
          verified: { type: "boolean", description: "Verified", default: true },
        },
        required: [],
      },
    }),
    report: completed,
  },
  {
    name: "test_elicitation_sep1330_enums",
    description: "Asks with every variant of an enumeration",
    inputSchema: { type: "object", properties: {} },
    request: () => ({
      message: "Please choose",
      requestedSchema: {
        type: "object",
        properties: {
          untitledSingle: { type: "string", enum: ["option1", "option2", "option3"] },
          titledSingle: {
            type: "string",
            oneOf: [
              { const: "value1", title: "First Option" },
              { const: "value2", title: "Second Option" },
              { const: "value3", title: "Third Option" },
            ],
          },
          legacyEnum: {
            type: "string",
            enum: ["opt1", "opt2", "opt3"],
            enumNames: ["Option One", "Option Two", "Option Three"],
          },
          untitledMulti: { type: "array", items: { type: "string", enum: ["option1", "option2", "option3"] } },
          titledMulti: {
            type: "array",
            items: {
              anyOf: [
                { const: "value1", title: "First Choice" },
                { const: "value2", title: "Second Choice" },
                { const: "value3", title: "Third Choice" },
              ],
            },
          },
        },
        required: [],
      },
    }),
    report: completed,
  },
];
