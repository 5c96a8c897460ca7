import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, statSync, unlinkSync, writeSync } from "node:fs";
import { platform } from "node:os";
import { dirname, join } from "node:path";
import { readSmallFileSync } from "../core/read-small-file.ts";
import { errorCode, StoreError } from "./store-error.ts";

/** Where the gateway's secret comes from. */
export interface SecretKeyOptions {
  /** `secrets.key` of the config: 32 bytes as base64, base64url or hex. */
  readonly configured: string | undefined;
  /** Path of the database; the key is kept in `portcullis.key` beside it. `undefined` (in memory): a key for this run. */
  readonly beside: string | undefined;
}

const KEY_BYTES = 32;
/** Of the file with it. */
const MAX_BYTES = 65_536;
const FILE = "portcullis.key";

/**
 * The gateway's 32-byte secret: the configured one, else the one kept beside the database, made at the first start.
 * Sealed values open only under the key that sealed them. @throws StoreError SECRET_KEY_*; its message never holds the key
 */
export function loadSecretKey(options: SecretKeyOptions): Uint8Array {
  const known = knownSecretKey(options);
  if (known !== undefined) return known;
  return options.beside === undefined ? randomBytes(KEY_BYTES) : makeKey(keyFileBeside(options.beside));
}

/** The same where there is a key already; makes none. @throws StoreError SECRET_KEY_* */
export function knownSecretKey(options: SecretKeyOptions): Uint8Array | undefined {
  if (options.configured === undefined) {
    return options.beside === undefined ? undefined : readKey(keyFileBeside(options.beside));
  }
  const key = decodeKey(options.configured.trim());
  if (key !== undefined) return key;
  throw new StoreError(
    "SECRET_KEY_INVALID",
    "secrets.key must be 32 random bytes as base64 or hex. Make one with: openssl rand -base64 32",
  );
}

/** Secrets of before, as they are configured. @throws StoreError SECRET_KEY_INVALID; its message never holds the key */
export function previousSecretKeys(configured: readonly string[]): readonly Uint8Array[] {
  return configured.map((text) => {
    const key = decodeKey(text.trim());
    if (key !== undefined) return key;
    throw new StoreError("SECRET_KEY_INVALID", "secrets.previous_keys must be 32 bytes each, as base64 or hex.");
  });
}

function keyFileBeside(database: string): string {
  return join(dirname(database), FILE);
}

function decodeKey(text: string): Uint8Array | undefined {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, "hex");
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return undefined;
  const key = Buffer.from(text, "base64");
  return key.length === KEY_BYTES ? key : undefined;
}

function readKey(path: string): Uint8Array | undefined {
  const read = readSmallFileSync(path, MAX_BYTES);
  if (!read.ok && read.code === "ENOENT") return undefined;
  if (!read.ok) throw new StoreError("SECRET_KEY_INVALID", `${path} cannot be read: ${read.reason}.`);
  // Windows has no such bits.
  if (platform() !== "win32" && ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0) {
    throw new StoreError("SECRET_KEY_UNSAFE", `${path} can be read by other users. Run: chmod 600 ${path}`);
  }
  const key = decodeKey(read.text.trim());
  if (key !== undefined) return key;
  throw new StoreError(
    "SECRET_KEY_INVALID",
    `${path} holds no key of 32 bytes. Restore it from a backup. Without one, what it sealed is lost, and nothing tells any more whether the record was changed: keep a copy of all files before you remove it.`,
  );
}

/** Written whole under a name of its own, then linked: of two processes one link wins, and nobody reads half a key. */
function makeKey(path: string): Uint8Array {
  const draft = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeDraft(draft, `${randomBytes(KEY_BYTES).toString("base64")}\n`);
    try {
      linkSync(draft, path);
    } catch (err) {
      if (errorCode(err) !== "EEXIST") throw err;
    } finally {
      unlinkSync(draft);
    }
  } catch (err) {
    throw new StoreError(
      "SECRET_KEY_NOT_WRITABLE",
      `No key could be kept in ${path} (${errorCode(err)}). Make the directory writable, or set secrets.key.`,
      { cause: err },
    );
  }
  const key = readKey(path);
  if (key === undefined) throw new StoreError("SECRET_KEY_INVALID", `${path} vanished right after it was made.`);
  return key;
}

function writeDraft(path: string, text: string): void {
  const file = openSync(path, "wx", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
