/** One of the demo's users, with the key that is printed. */
export interface DemoUser {
  readonly user: string;
  readonly roles: readonly string[];
  readonly key: string;
}

/** How people sign in with a browser. */
export interface DemoBrowser {
  readonly password: string;
  readonly code: string;
  /** The file with an access token of Ann's, as the user would name it. */
  readonly tokenFile: string;
}

/**
 * The guided tour that `portcullis demo` prints: what runs, whom you can be, what to try, and what will happen.
 * Long because it is one text, which reads as it is printed.
 */
export function demoTour(options: {
  readonly url: string;
  readonly users: { readonly ann: DemoUser; readonly carla: DemoUser; readonly sam: DemoUser };
  /** `undefined`: nobody can sign in, because the package for that is not installed. */
  readonly browser: DemoBrowser | undefined;
  /** The folder of the demo's data, as the user wrote it. */
  readonly data: string;
  /** The folder of its policies, as the user would name it. */
  readonly policies: string;
  /** How this program is started. */
  readonly command: string;
  readonly bold: (text: string) => string;
}): string {
  const { url, users, browser, data, policies, command, bold } = options;
  const mcp = `${url}/mcp`;
  const row = (user: DemoUser): string => `  ${user.user.padEnd(18)} ${user.roles.join(", ").padEnd(29)} ${user.key}`;
  return `
${bold("Portcullis is running.")} One MCP endpoint in front of four servers:

  ${mcp}            everything: tools are named <server>__<tool>
  ${mcp}/finance    a selection: expenses and payments
  ${mcp}/crm        one server, with its own names

${bold("Three users, each with an API key:")}

${[users.ann, users.carla, users.sam].map(row).join("\n")}

${consoleText(url, browser)}

${bold("1. A policy looks at the arguments.")} Ann files 12,000 and is refused, in words that her agent understands:

${curl(mcp, users.ann.key, "expenses__create_expense", { amount: 12_000, currency: "EUR", purpose: "Conference" })}

   Expect "isError":true and the policy's message. With "amount":120 it goes through; so it does with Carla's key.

${bold("2. Policies look at who asks, and at the answer.")} Sam (support) may read a customer:

${curl(mcp, users.sam.key, "crm__get_customer", { customer_id: "c-1001" })}

   Expect the customer, with [redacted:credit_card] for the card number. With Ann's key: Unknown tool. What is denied
   whatever the arguments is not even listed for her. The rules are the files in ${policies}: change one, save, call again.

   The same holds for what agents read without a tool: Sam's agent gets the record without the card number, and of the
   minutes of the board it hears "Resource not found", as of what is not there. Carla's key reads them.

${readCurl(mcp, users.sam.key, "customers://c-1003")}
${readCurl(mcp, users.sam.key, "board://minutes")}

${bold("3. A call waits for people.")} Ann's agent wants to delete a customer, and customer care has to agree:

${curl(mcp, users.ann.key, "crm__delete_customer", { customer_id: "c-1002" })}

   The line waits 25 seconds. Meanwhile Sam sees what is asked for, and says yes (not to his own calls): in the console at
   ${url}/console/approvals, or in another terminal:

   export PORTCULLIS_URL=${url} PORTCULLIS_KEY=${users.sam.key}
   ${command} approvals list --decidable
   ${command} approvals approve <the id that starts with apr_>

   Expect "Deleted customer c-1002." in Ann's terminal. If the line had ended before that, with "input_required", run it
   again: the same call is the same request, also after Ctrl-C. Other arguments are another one, and wait again.

${browser === undefined ? "" : `${paymentStep(bold, mcp, browser)}\n\n`}${bold(`${browser === undefined ? 4 : 5}. Every decision is on record,`)} chained so that nobody can quietly change it (in another terminal):

   ${command} audit list --store file:${data}/portcullis.db
   ${command} audit verify --store file:${data}/portcullis.db

${bold(`${browser === undefined ? 5 : 6}. Point your own agent at it.`)} Claude Code${browser === undefined ? "" : " (without --header it has you sign in)"}:

   claude mcp add --transport http portcullis ${mcp} --header "Authorization: Bearer ${users.carla.key}"

   Cursor (.cursor/mcp.json) and other clients with an mcpServers file:

   {"mcpServers":{"portcullis":{"url":"${mcp}","headers":{"Authorization":"Bearer ${users.carla.key}"}}}}

Ctrl-C stops it. The demo keeps its data and keys in ${data}; delete that folder to start afresh.
`;
}

function consoleText(url: string, browser: DemoBrowser | undefined): string {
  const place = `The console is at ${url}/console: Carla sees all of the gateway, Sam decides about requests.`;
  if (browser === undefined) {
    return `${place} They sign in with their keys.

Signing in by password, and payments above 500, are left out: both need the package oidc-provider, which is not
installed here. To have them: npm install --no-save oidc-provider@9`;
  }
  return `${place}
In a browser they sign in as ann, carla or sam, password ${browser.password}, and code ${browser.code} where one is asked for. The
identity provider behind that is the demo's own, on this machine only, with one password and one code for all: not for real use.`;
}

function paymentStep(bold: (text: string) => string, mcp: string, { tokenFile }: DemoBrowser): string {
  const line = curl(mcp, `$(cat ${tokenFile})`, "payments__make_payment", { amount: 900, to: "ACME" });
  return `${bold("4. A payment above the limit.")} Ann's agent has a token of her sign-in this morning, with a password. That is not enough:

${line}

   Expect a link. Open it, sign in as ann with password and code, and run the line again: paid. The sign-in counts for
   five minutes, for her and for this agent. Sign in as sam instead, or without a code, and nothing is gained.`;
}

function curl(url: string, key: string, tool: string, args: Readonly<Record<string, string | number>>): string {
  return requestCurl(url, key, "tools/call", tool, { name: tool, arguments: args });
}

function readCurl(url: string, key: string, uri: string): string {
  return requestCurl(url, key, "resources/read", uri, { uri });
}

function requestCurl(url: string, key: string, method: string, name: string, params: object): string {
  const body = {
    jsonrpc: "2.0",
    id: 1,
    method,
    params: {
      ...params,
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
      },
    },
  };
  return `   curl -s ${url} \\
     -H "Authorization: Bearer ${key}" \\
     -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \\
     -H 'MCP-Protocol-Version: 2026-07-28' -H 'Mcp-Method: ${method}' -H 'Mcp-Name: ${name}' \\
     -d '${JSON.stringify(body)}'`;
}
