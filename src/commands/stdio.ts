import { userInfo } from "node:os";
import type { Command } from "commander";
import { createCallIds } from "../core/ids.ts";
import { AT_HOME, LOCAL_ISSUER, NO_TOKEN, type Principal } from "../core/principal.ts";
import { VERSION } from "../core/version.ts";
import { catchFaults } from "../main/last-resort.ts";
import { StoreError } from "../store/store-error.ts";
import { DEFAULT_CONFIG, loadOrExplain } from "./load.ts";
import { createLog } from "./log.ts";
import { type StartOptions, withStartOptions } from "./run-gateway.ts";
import type { Shell } from "./shell.ts";

interface StdioOptions extends StartOptions {
  readonly config: string;
  readonly endpoint: string;
  readonly user?: string;
  readonly role: readonly string[];
}

/** `portcullis stdio`: the same gateway for one local client on standard input and output. */
export function registerStdio(program: Command, shell: Shell): void {
  withStartOptions(program.command("stdio"))
    .description("serve one local client on standard input and output; the log goes to standard error")
    .option("-c, --config <file>", "configuration file", DEFAULT_CONFIG)
    .option("-e, --endpoint <name>", "upstream or endpoint to serve; default: all", "")
    .option("-u, --user <user>", "whom policies and the audit see; default: the user of this machine")
    .option("-r, --role <role>", "role of that user, repeatable", (role: string, all: string[]) => [...all, role], [])
    .addHelpText(
      "after",
      '\nExample, in a client\'s mcpServers:\n  {"portcullis":{"command":"portcullis","args":["stdio","-c","/path/to/portcullis.yaml","--role","employee"]}}\n',
    )
    .action(async (options: StdioOptions) => {
      const config = loadOrExplain(shell, options.config);
      if (config === undefined) return;
      const [{ wire }, { createStdioEdge }] = await Promise.all([
        import("../main/compose/wire.ts"),
        import("../downstream/stdio/stdio.ts"),
      ]);
      const stopped = shell.stopped();
      // Standard output belongs to the protocol, so a terminal there says nothing about standard error.
      const log = createLog({ level: config.server.log.level, format: "json" }, false);
      const now = Date.now;
      const lastResort = catchFaults({ log, now });
      try {
        const wiring = await wire(config, { log, now, start: { without: options.without, again: options.with } });
        if (!wiring.ok) {
          shell.err(wiring.error);
          shell.setExitCode(1);
          return;
        }
        const { wired } = wiring;
        const scope = wired.gateway.scope(options.endpoint);
        if (scope === undefined) {
          shell.err(`No upstream and no endpoint is named ${options.endpoint}.`);
          shell.setExitCode(1);
          await wired.close();
          return;
        }
        await wired.gateway.starting(scope);
        const edge = createStdioEdge({
          gateway: wired.gateway,
          refusals: wired.refusals,
          log,
          now,
          callIds: createCallIds(now),
          version: VERSION,
          errors: config.denials === "protocol" ? "protocol" : "result",
          limits: {
            maxBodyBytes: config.server.bodyLimitBytes,
            maxCount: config.server.jsonValues,
            holdMs: config.server.holdMs,
          },
          input: shell.stdin,
          output: shell.stdout,
          principal: localPrincipal(options),
          endpoint: options.endpoint,
        });
        wired.begin();
        void stopped.then(() => edge.close());
        void lastResort.beyond.then(() => {
          shell.setExitCode(1);
          edge.close();
        });
        await edge.closed;
        await wired.close();
      } catch (err) {
        if (!(err instanceof StoreError)) throw err;
        shell.err(err.message);
        shell.setExitCode(1);
      }
    });
}

// Who started the process is who calls: over stdio the operating system has checked that, and no token says more.
function localPrincipal({ user, role }: StdioOptions): Principal {
  const subject = user ?? userInfo().username;
  return {
    issuer: LOCAL_ISSUER,
    subject,
    kind: "person",
    clientId: undefined,
    email: subject.includes("@") ? subject : undefined,
    name: undefined,
    roles: role,
    groups: [],
    claims: {},
    ...NO_TOKEN,
    ...AT_HOME,
    may: ["call"],
  };
}
