import { isObject } from "../../src/core/json.ts";
import type { ToolAnswer } from "./clients.ts";
import { eventually } from "./eventually.ts";
import { LINK_CLIENTS } from "./link-clients.ts";
import { resultOf, textOf } from "./paused-callers.ts";
import { initialize, modern, type RawAnswer, send } from "./raw-mcp.ts";

/** The tool that is called: it answers with its text. */
const TOOL = "modern__echo";

/** A call that its user has to sign in for, as a client of one kind has it. */
export interface Challenged {
  /** Where the user is to go, from the client's own answer. */
  readonly link: string;
  /** The end of the call once the user has signed in: it goes on by itself, or is made again. */
  end(): Promise<ToolAnswer>;
}

/** A client whose calls may be challenged. */
export interface ChallengedClient {
  /** A call that nobody has to sign in for. */
  call(text: string): Promise<ToolAnswer>;
  begin(text: string): Promise<Challenged>;
  close(): Promise<void>;
}

export type ConnectChallenged = (mcp: string, token: string) => Promise<ChallengedClient>;

/** Every kind of client, with and without a user interface for links. */
export const CHALLENGED_CLIENTS: ReadonlyArray<{ readonly client: string; readonly connect: ConnectChallenged }> = [
  ...LINK_CLIENTS.flatMap(({ client, connect }) => [
    {
      client: `${client} that shows links`,
      connect: async (mcp: string, token: string): Promise<ChallengedClient> => {
        const shown: string[] = [];
        const connected = await connect(mcp, { authorization: `Bearer ${token}` }, (url) => {
          shown.push(url);
          return "accept";
        });
        return {
          call: (text) => connected.call(TOOL, { text }),
          async begin(text) {
            const before = shown.length;
            const answer = connected.call(TOOL, { text });
            // It may be waited for late, or never.
            answer.catch(() => {});
            return { link: await eventually(async () => shown[before]), end: () => answer };
          },
          close: () => connected.close(),
        };
      },
    },
    {
      client: `${client} that shows none`,
      connect: async (mcp: string, token: string): Promise<ChallengedClient> => {
        const connected = await connect(mcp, { authorization: `Bearer ${token}` });
        const call = (text: string) => connected.call(TOOL, { text });
        return { call, begin: (text) => inWords(() => call(text)), close: () => connected.close() };
      },
    },
  ]),
  { client: "raw HTTP, modern", connect: rawModern },
  { client: "raw HTTP, legacy", connect: rawLegacy },
];

/** The link stands in the words for the model, and the model makes the call again. */
async function inWords(call: () => Promise<ToolAnswer>): Promise<Challenged> {
  const { text, isError } = await call();
  const link = /http:\S+\/step-up\/[\w-]+/.exec(text)?.[0];
  if (!isError || link === undefined) throw new Error(`The call was not challenged: ${text}`);
  return { link, end: call };
}

async function rawModern(mcp: string, token: string): Promise<ChallengedClient> {
  const meta = { "io.modelcontextprotocol/clientCapabilities": { elicitation: { url: {} } } };
  const leg = (text: string, more = {}): Promise<RawAnswer> => {
    const sent = modern("tools/call", { name: TOOL, arguments: { text }, ...more }, { meta });
    return send(portOf(mcp), { ...sent, headers: { ...sent.headers, Authorization: `Bearer ${token}` } });
  };
  return {
    call: async (text) => toAnswer(await leg(text)),
    async begin(text) {
      const { inputRequests, requestState } = resultOf(await leg(text));
      const ask = isObject(inputRequests) ? inputRequests["step_up"] : undefined;
      const params = isObject(ask) ? ask["params"] : undefined;
      if (!isObject(params) || typeof requestState !== "string") throw new Error("The call was not challenged.");
      const answered = { requestState, inputResponses: { step_up: { action: "accept" } } };
      return { link: String(params["url"]), end: async () => toAnswer(await leg(text, answered)) };
    },
    close: async () => {},
  };
}

async function rawLegacy(mcp: string, token: string): Promise<ChallengedClient> {
  const session = await initialize(portOf(mcp), { user: token });
  const call = async (text: string) =>
    toAnswer(await session.request("tools/call", { name: TOOL, arguments: { text } }));
  return { call, begin: (text) => inWords(() => call(text)), close: async () => {} };
}

function toAnswer(answer: RawAnswer): ToolAnswer {
  const result = resultOf(answer);
  return { text: textOf(result), isError: result["isError"] === true, structured: undefined };
}

function portOf(mcp: string): number {
  return Number(new URL(mcp).port);
}
