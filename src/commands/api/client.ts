import { readFileSync } from "node:fs";
import { z } from "zod";
import { type ProblemBody, problemSchema } from "../../admin/http/problem-schema.ts";
import { formatConfigDiagnostic } from "../../config/config-diagnostic.ts";
import { loadConfig } from "../../config/load.ts";
import { isLoopbackHost } from "../../config/schema/schema-parts.ts";
import { publicUrlOf } from "../../config/schema/server.ts";
import { parseExact, writeExact } from "../../core/exact-json.ts";
import { readCapped } from "../../http/read-capped.ts";
import { DEFAULT_CONFIG } from "../load.ts";
import type { Shell } from "../shell.ts";

/** Options of a command that talks to a running gateway. */
export interface ApiPlace {
  /** Its URL. */
  readonly gateway?: string;
  readonly config?: string;
  readonly keyFile?: string;
}

/** A running gateway's API, as one caller. */
export interface ApiClient {
  /** The gateway's URL, as it is shown to people. */
  readonly url: string;
  get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<ApiAnswer<z.output<Schema>>>;
  post<Schema extends z.ZodType>(path: string, body: object, schema: Schema): Promise<ApiAnswer<z.output<Schema>>>;
  delete(path: string): Promise<ApiAnswer<undefined>>;
}

export type ApiAnswer<Value> = { readonly ok: true; readonly value: Value } | ApiRefusal;

/** Why there is no answer. */
export interface ApiRefusal {
  readonly ok: false;
  /** HTTP status; 0 if nothing that speaks this API answered. */
  readonly status: number;
  /** What happened and what to do, ready to print; may hold text from the other side. */
  readonly message: string;
  readonly problem: ProblemBody | undefined;
}

export type ApiOpening =
  | { readonly ok: true; readonly api: ApiClient }
  /** `usage`: something is missing on the command line or in the environment. */
  | { readonly ok: false; readonly usage: boolean; readonly message: string };

const TIMEOUT_MS = 30_000;
/** A page of approvals with arguments as large as calls may have is a tenth of it. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const BASE = "/api/v1";

/**
 * Finds the gateway and the caller's credential. The credential never stands on the command line, where every user of
 * the machine could read it: it comes from `PORTCULLIS_KEY` or a file, and goes nowhere but to this URL.
 */
export function openApi(shell: Shell, place: ApiPlace): ApiOpening {
  const found = findUrl(shell, place);
  if (!found.ok) return found;
  const { url } = found;
  const credential = findCredential(shell, place);
  if (!credential.ok) return credential;
  if (credential.key !== undefined && url.protocol === "http:" && !isLoopbackHost(url.hostname)) {
    shell.err(`warning: ${url.origin} is not encrypted, so that others on the way can read your key. Use https.`);
  }
  const base = url.href.replace(/\/+$/, "");
  const target = { base, command: shell.command };
  const headers = credential.key === undefined ? {} : { Authorization: `Bearer ${credential.key}` };
  return {
    ok: true,
    api: {
      url: base,
      get: (path, schema) => ask(target, path, schema, { headers }),
      post: (path, body, schema) =>
        ask(target, path, schema, {
          method: "POST",
          headers: { ...headers, "Content-Type": "application/json" },
          body: writeExact(body),
        }),
      delete: (path) => ask(target, path, z.undefined(), { method: "DELETE", headers }),
    },
  };
}

type Found<Value> = ({ readonly ok: true } & Value) | (ApiOpening & { readonly ok: false });

function nowhere(): string {
  return `Which gateway? Add --gateway http://127.0.0.1:3000, set PORTCULLIS_URL, or name its configuration with -c portcullis.yaml.`;
}

// What was named on the command line counts first; a configuration that merely lies here counts last.
function findUrl(shell: Shell, { gateway, config }: ApiPlace): Found<{ readonly url: URL }> {
  const named = gateway ?? (config === undefined ? shell.env["PORTCULLIS_URL"] : undefined);
  if (named !== undefined) return readUrl(named, gateway === undefined ? "PORTCULLIS_URL" : "--gateway");
  const loaded = loadConfig(config ?? DEFAULT_CONFIG, shell.env, shell.command);
  if (!loaded.ok) {
    const [first] = loaded.errors;
    const why = config === undefined || first === undefined ? "" : `${formatConfigDiagnostic(first)}\n`;
    return { ok: false, usage: true, message: `${why}${nowhere()}` };
  }
  const { server } = loaded.config;
  if (server.publicUrl === undefined && server.port === 0) {
    return {
      ok: false,
      usage: true,
      message: `Its configuration lets the system pick the port. ${nowhere()}`,
    };
  }
  return readUrl(publicUrlOf(server, server.port), "server.public_url");
}

function readUrl(text: string, from: string): Found<{ readonly url: URL }> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username + url.password + url.search !== "") {
    const message = `${from} must be the gateway's http:// or https:// URL, such as http://127.0.0.1:3000.`;
    return { ok: false, usage: true, message };
  }
  return { ok: true, url };
}

function findCredential(shell: Shell, { keyFile }: ApiPlace): Found<{ readonly key: string | undefined }> {
  const from = keyFile ?? "PORTCULLIS_KEY";
  let text = shell.env["PORTCULLIS_KEY"];
  if (keyFile !== undefined) {
    try {
      text = readFileSync(keyFile, "utf8");
    } catch (err) {
      const code = err instanceof Error && "code" in err ? String(err.code) : "unreadable";
      return { ok: false, usage: true, message: `The key file ${keyFile} cannot be read (${code}).` };
    }
  }
  const key = text?.trim();
  // A gateway on this machine may let people in without one; any other says so.
  if (key === undefined || key === "") return { ok: true, key: undefined };
  // Both are often kept under this name, and the gateway's own secret is nobody's to see.
  if (/^(?:[0-9a-fA-F]{64}|[A-Za-z0-9+/_-]{43}=?)$/.test(key) && !key.startsWith("pk_")) {
    const message = `${from} looks like a gateway's own secret (secrets.key), not like an API key. It was not sent.`;
    return { ok: false, usage: true, message };
  }
  if (!/^[A-Za-z0-9\-._~+/]+=*$/.test(key)) {
    return { ok: false, usage: true, message: `${from} holds no API key and no access token: one word is expected.` };
  }
  return { ok: true, key };
}

/** The gateway's URL, and the option of the command line that names another one. */
interface Target {
  readonly base: string;
  /** How this program was started. */
  readonly command: string;
}

async function ask<Schema extends z.ZodType>(
  target: Target,
  path: string,
  schema: Schema,
  init: RequestInit,
): Promise<ApiAnswer<z.output<Schema>>> {
  let status: number;
  let text: string;
  try {
    // A redirect would take the credential along to wherever it says.
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(`${target.base}${BASE}${path}`, { ...init, redirect: "manual", signal });
    status = response.status;
    const bytes = await readCapped(response.body, MAX_ANSWER_BYTES);
    if (bytes === undefined) return { ok: false, status: 0, message: foreign(target), problem: undefined };
    text = bytes.toString("utf8");
  } catch (err) {
    return { ok: false, status: 0, message: unreachable(target, err), problem: undefined };
  }
  const body = jsonIn(text);
  if (status >= 200 && status < 300) {
    const parsed = schema.safeParse(body);
    if (parsed.success) return { ok: true, value: parsed.data };
    return { ok: false, status: 0, message: foreign(target), problem: undefined };
  }
  const problem = problemSchema.safeParse(body);
  if (!problem.success) return { ok: false, status: 0, message: foreign(target), problem: undefined };
  return { ok: false, status, message: explain(status, problem.data), problem: problem.data };
}

function unreachable({ base, command }: Target, err: unknown): string {
  if (err instanceof DOMException && err.name === "TimeoutError") {
    return `${base} did not answer within ${TIMEOUT_MS / 1000} s. Try again, or look at its log.`;
  }
  const cause = err instanceof Error ? err.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
  return `Nothing answers at ${base}${code}. Is the gateway running (${command} serve)? Another one: --gateway URL.`;
}

function foreign({ base }: Target): string {
  return `What answers at ${base} is not the API of a Portcullis gateway of this version. Check --gateway.`;
}

function explain(status: number, { detail, code }: ProblemBody): string {
  if (status === 401) {
    return `${detail} (${code})\nSet PORTCULLIS_KEY to your API key or access token, or name a file: --key-file FILE.`;
  }
  return `${detail} (${code})`;
}

function jsonIn(text: string): unknown {
  try {
    return parseExact(text);
  } catch {
    return undefined;
  }
}
