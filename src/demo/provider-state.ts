import { generateKeyPair, type KeyObject, randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import type { Kept, KeptClients } from "./provider-memory.ts";

const state = z.object({
  /** The port of last time: tokens name it, as a part of their issuer. */
  port: z.number().int().min(1).max(65_535).optional(),
  /** Of all three people. */
  password: z.string().min(8),
  client_secret: z.string().min(16),
  cookie_key: z.string().min(16),
  /** Private keys: an RSA one for ID tokens, an elliptic one for access tokens, which are shorter then. */
  keys: z.array(z.record(z.string(), z.unknown())).length(2),
  clients: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
});

/** What the demo's identity provider has to remember, so that tokens and clients of yesterday serve today. */
export type ProviderState = Readonly<z.infer<typeof state>>;

/** The file that it is kept in. */
export interface ProviderStateFile {
  readonly current: ProviderState;
  keepPort(port: number): void;
  readonly clients: KeptClients;
}

export type OpenedState =
  | { readonly ok: true; readonly file: ProviderStateFile }
  | { readonly ok: false; readonly error: string };

/** Reads the file, or makes it with new keys. @throws what the file system throws */
export async function openProviderState(path: string): Promise<OpenedState> {
  let current: ProviderState;
  if (existsSync(path)) {
    const read = readState(path);
    if (read === undefined) return { ok: false, error: `${path} is broken. Remove it, and the demo makes new keys.` };
    current = read;
  } else {
    current = await freshState();
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    save();
  }

  function save(): void {
    // In one step, so that a stop in between leaves the old one.
    writeFileSync(`${path}.new`, `${JSON.stringify(current, null, 2)}\n`, { mode: 0o600 });
    chmodSync(`${path}.new`, 0o600);
    renameSync(`${path}.new`, path);
  }

  return {
    ok: true,
    file: {
      get current() {
        return current;
      },
      keepPort(port) {
        if (current.port === port) return;
        current = { ...current, port };
        save();
      },
      clients: {
        load: () => new Map(Object.entries(current.clients)),
        save(clients: ReadonlyMap<string, Kept>) {
          current = { ...current, clients: Object.fromEntries(clients) };
          save();
        },
      },
    },
  };
}

function readState(path: string): ProviderState | undefined {
  const text = readFileSync(path, "utf8");
  try {
    return state.safeParse(JSON.parse(text)).data;
  } catch (err) {
    if (err instanceof SyntaxError) return undefined;
    throw err;
  }
}

async function freshState(): Promise<ProviderState> {
  const pair = promisify(generateKeyPair);
  const rsa = await pair("rsa", { modulusLength: 2048 });
  const ec = await pair("ec", { namedCurve: "P-256" });
  return {
    password: randomBytes(6).toString("base64url"),
    client_secret: randomBytes(24).toString("base64url"),
    cookie_key: randomBytes(24).toString("base64url"),
    keys: [jwk(rsa.privateKey, "RS256"), jwk(ec.privateKey, "ES256")],
    clients: {},
  };
}

function jwk(key: KeyObject, alg: string): Record<string, unknown> {
  return { ...key.export({ format: "jwk" }), alg, use: "sig", kid: `demo-${alg}-${randomBytes(4).toString("hex")}` };
}
