import type { ConfigError } from "../config-error.ts";

/** What to tell when the file cannot be read: one screen, with a configuration to paste. */
export function missingFile(path: string, err: unknown): ConfigError {
  const code = err instanceof Error && "code" in err ? String(err.code) : "unknown error";
  const whole = { file: path, line: 0, column: 0, key: "", excerpt: undefined };
  if (code !== "ENOENT") {
    const hint = "Check the path and its permissions; -c FILE names another file.";
    return { ...whole, message: `The configuration cannot be read (${code}).`, hint };
  }
  return { ...whole, message: "There is no such file.", hint: `\n\n${firstSteps(path)}` };
}

function firstSteps(path: string): string {
  return `To look around first, with nothing to configure:

  portcullis demo

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

  portcullis serve -c ${path}

An entry of a client's mcpServers works under upstreams as it is. For callers with
keys instead of anonymous ones, run \`portcullis keys create --name me --user you@example.com\`.
Have the file elsewhere? Name it: -c FILE`;
}
