import type { ConfigDiagnostic } from "../config-diagnostic.ts";

/** What to tell when the file cannot be read: one screen, with a configuration to paste. */
export function missingFile(path: string, code: string, command: string): ConfigDiagnostic {
  const whole = { file: path, line: 0, column: 0, key: "", excerpt: undefined };
  const own = OWN[code];
  if (own !== undefined) return { ...whole, ...own };
  if (code !== "ENOENT") {
    const hint = "Check the path and its permissions; -c FILE names another file.";
    return { ...whole, message: `The configuration cannot be read (${code}).`, hint };
  }
  return { ...whole, message: "There is no such file.", hint: `\n\n${firstSteps(path, command)}` };
}

const OWN: Readonly<Record<string, { readonly message: string; readonly hint: string }>> = {
  TOO_LARGE: { message: "The configuration is larger than 1 MB.", hint: "Move policies to policies.dir." },
  NOT_A_FILE: { message: "This is a pipe or a device, not a file.", hint: "Write the configuration to a file." },
};

function firstSteps(path: string, command: string): string {
  return `To look around first, with nothing to configure:

  ${command} demo

To start for real, paste this into ${path}:

  upstreams:
    everything:
      command: npx
      args: ["-y", "@modelcontextprotocol/server-everything"]
  auth:
    anonymous: true        # callers of this machine only
  policies:
    default: allow         # until you have policies in ./policies

and run

  ${command} serve -c ${path}

An entry of a client's mcpServers works under upstreams as it is. For callers with
keys instead of anonymous ones, run

  ${command} keys create --name me --user you@example.com

Have the file elsewhere? Name it: -c FILE`;
}
