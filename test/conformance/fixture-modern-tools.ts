import { randomUUID } from "node:crypto";
import {
  acceptedContent,
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  type InputRequest,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  type JsonSchemaType,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { ERROR_TEXT, JSON_SCHEMA_2020_12_TOOL, NO_ARGUMENTS, STATIC_TOOLS, text } from "./fixture-content.ts";

/** What a multi-round tool remembers between rounds, sealed into `requestState`. */
export interface RoundState {
  readonly tool: string;
  readonly round: number;
  readonly name?: string;
  /** Makes the state of each round differ from every other. */
  readonly nonce: string;
}

/** A tool of the modern fixture. */
export interface ModernTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonSchemaType;
  run(args: Record<string, unknown>, context: ServerContext): Promise<CallToolResult | InputRequiredResult>;
}

/** What the tools need of the server around them. */
export interface ModernToolsDeps {
  /** Seals a round's state. */
  mint(state: RoundState): Promise<string>;
  /** Adds or removes a tool, and tells the listening clients. */
  changeTools(): void;
  /** Adds or removes a prompt, and tells the listening clients. */
  changePrompts(): void;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const answer = (value: string): CallToolResult => ({ content: [text(value)] });

/** Asks the user for one string. */
export function askFor(key: string, message: string): InputRequest {
  return inputRequired.elicit({
    message,
    requestedSchema: { type: "object", properties: { [key]: { type: "string" } }, required: [key] },
  });
}

const confirm = () =>
  inputRequired.elicit({
    message: "Please confirm",
    requestedSchema: { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"] },
  });

const askModel = (prompt: string, maxTokens: number) =>
  inputRequired.createMessage({ messages: [{ role: "user", content: text(prompt) }], maxTokens });

// The envelope's type is empty in the SDK's declarations, so it is read as what it is on the wire.
function declares({ mcpReq }: ServerContext, capability: string): boolean {
  const declared: unknown = Reflect.get(mcpReq.envelope ?? {}, CLIENT_CAPABILITIES_META_KEY);
  return typeof declared === "object" && declared !== null && capability in declared;
}

/** All tools that the 2026-07-28 scenarios call. */
export function createModernTools(deps: ModernToolsDeps): readonly ModernTool[] {
  const plain = (name: string, description: string, run: ModernTool["run"]): ModernTool => ({
    name,
    description,
    inputSchema: NO_ARGUMENTS,
    run,
  });
  const seal = (tool: string, round = 1, name?: string) =>
    deps.mint({ tool, round, nonce: randomUUID(), ...(name !== undefined && { name }) });

  return [
    ...STATIC_TOOLS.map(({ name, description, content }) => plain(name, description, async () => ({ content }))),
    plain("test_error_handling", "Always fails", async () => ({ ...answer(ERROR_TEXT), isError: true })),
    { ...JSON_SCHEMA_2020_12_TOOL, run: async (args) => answer(JSON.stringify(args)) },
    {
      name: "test_header_mirroring",
      description: "Has an argument that travels in a header too",
      inputSchema: {
        type: "object",
        properties: { region: { type: "string", "x-mcp-header": "Region" } },
        required: ["region"],
      } as JsonSchemaType,
      run: async (args) => answer(`Region ${String(args["region"])}`),
    },
    plain("test_tool_with_progress", "Reports progress", async (_args, { mcpReq }) => {
      const progressToken = mcpReq._meta?.progressToken;
      for (const progress of [0, 50, 100]) {
        if (progress > 0) await pause(50);
        if (progressToken === undefined) continue;
        await mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress, total: 100 } });
      }
      return answer("Reported progress three times");
    }),
    plain("test_logging_tool", "Logs while it runs", async (_args, { mcpReq }) => {
      await mcpReq.log("info", "test_logging_tool ran");
      return answer("Logged one message");
    }),
    plain("test_streaming_elicitation", "Answers without asking anything on its stream", async () =>
      answer("Nothing was asked"),
    ),
    plain("test_missing_capability", "Needs the client's model", async (_args, { mcpReq }) =>
      inputResponse(mcpReq.inputResponses, "answer").kind === "sampling"
        ? answer("The model answered")
        : inputRequired({ inputRequests: { answer: askModel("Say pong", 16) } }),
    ),
    plain("test_trigger_tool_change", "Changes the tool list", async () => {
      deps.changeTools();
      return answer("The tool list changed");
    }),
    plain("test_trigger_prompt_change", "Changes the prompt list", async () => {
      deps.changePrompts();
      return answer("The prompt list changed");
    }),
    plain("test_input_required_result_elicitation", "Asks for a name", async (_args, { mcpReq }) => {
      const name = acceptedContent(mcpReq.inputResponses, "user_name")?.["name"];
      return typeof name === "string"
        ? answer(`Hello, ${name}!`)
        : inputRequired({ inputRequests: { user_name: askFor("name", "What is your name?") } });
    }),
    plain("test_input_required_result_sampling", "Asks the client's model", async (_args, { mcpReq }) => {
      const given = inputResponse(mcpReq.inputResponses, "capital_question");
      return given.kind === "sampling"
        ? answer(`The model says: ${JSON.stringify(given.result.content)}`)
        : inputRequired({ inputRequests: { capital_question: askModel("What is the capital of France?", 100) } });
    }),
    plain("test_input_required_result_list_roots", "Asks for the client's roots", async (_args, { mcpReq }) => {
      const given = inputResponse(mcpReq.inputResponses, "client_roots");
      return given.kind === "roots"
        ? answer(`Roots: ${given.roots.map((root) => root.uri).join(", ")}`)
        : inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
    }),
    plain("test_input_required_result_request_state", "Asks, and remembers that it did", async (_args, { mcpReq }) => {
      const state = mcpReq.requestState<RoundState>();
      return state?.tool === "request_state" && acceptedContent(mcpReq.inputResponses, "confirm") !== undefined
        ? answer("state-ok: the state came back unchanged")
        : inputRequired({ inputRequests: { confirm: confirm() }, requestState: await seal("request_state") });
    }),
    plain("test_input_required_result_multiple_inputs", "Asks three things at once", async (_args, { mcpReq }) => {
      const name = inputResponse(mcpReq.inputResponses, "user_name");
      const greeting = inputResponse(mcpReq.inputResponses, "greeting");
      const roots = inputResponse(mcpReq.inputResponses, "client_roots");
      if (name.kind === "elicit" && greeting.kind === "sampling" && roots.kind === "roots") {
        return answer(`Greeted one of ${roots.roots.length} root(s)`);
      }
      return inputRequired({
        inputRequests: {
          user_name: askFor("name", "What is your name?"),
          greeting: askModel("Generate a greeting", 50),
          client_roots: inputRequired.listRoots(),
        },
        requestState: await seal("multiple_inputs"),
      });
    }),
    plain("test_input_required_result_multi_round", "Asks twice, one after the other", async (_args, { mcpReq }) => {
      const state = mcpReq.requestState<RoundState>();
      const round = state?.tool === "multi_round" ? state.round : 0;
      if (round === 0) {
        return inputRequired({
          inputRequests: { step1: askFor("name", "Step 1: What is your name?") },
          requestState: await seal("multi_round", 1),
        });
      }
      if (round === 1) {
        const name = acceptedContent(mcpReq.inputResponses, "step1")?.["name"];
        return inputRequired({
          inputRequests: { step2: askFor("color", "Step 2: What is your favorite color?") },
          requestState: await seal("multi_round", 2, typeof name === "string" ? name : "nobody"),
        });
      }
      const color = acceptedContent(mcpReq.inputResponses, "step2")?.["color"];
      return answer(`${state?.name ?? "nobody"} likes ${String(color)}`);
    }),
    plain("test_input_required_result_tampered_state", "Refuses a forged state", async (_args, { mcpReq }) => {
      const asked = mcpReq.requestState<RoundState>()?.tool === "tampered_state";
      return asked && acceptedContent(mcpReq.inputResponses, "confirm") !== undefined
        ? answer("The state was genuine")
        : inputRequired({ inputRequests: { confirm: confirm() }, requestState: await seal("tampered_state") });
    }),
    plain("test_input_required_result_capabilities", "Asks only what the client can answer", async (_args, context) => {
      if (context.mcpReq.inputResponses !== undefined) return answer("Thank you");
      const inputRequests: Record<string, InputRequest> = {
        ...(declares(context, "elicitation") && { user_name: askFor("name", "What is your name?") }),
        ...(declares(context, "sampling") && { greeting: askModel("Generate a greeting", 50) }),
        ...(declares(context, "roots") && { client_roots: inputRequired.listRoots() }),
      };
      return Object.keys(inputRequests).length === 0
        ? answer("There is nothing that this client could be asked")
        : inputRequired({ inputRequests });
    }),
  ];
}
