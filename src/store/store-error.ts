/** What can be wrong with a store. The code is the identity; the message is for the operator and names the next step. */
export type StoreErrorCode =
  | "STORE_URL_INVALID"
  | "STORE_MISSING"
  | "STORE_NOT_ACCESSIBLE"
  | "STORE_NOT_A_DATABASE"
  | "STORE_FOREIGN"
  | "STORE_SCHEMA_NEWER"
  | "STORE_SCHEMA_OLDER"
  | "STORE_SCHEMA_CHANGED"
  | "STORE_LOST"
  | "STORE_LOCKED"
  | "STORE_FULL"
  | "STORE_REPLACED"
  | "STORE_FAILED"
  | "STORE_ROW_MALFORMED"
  | "SECRET_KEY_INVALID"
  | "SECRET_KEY_UNSAFE"
  | "SECRET_KEY_NOT_WRITABLE";

/** A fault of the store. Its message holds paths and reasons, never values from rows, and never keys. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "StoreError";
    this.code = code;
  }
}

/** The `code` of a Node or SQLite error, `""` if it has none. */
export function errorCode(err: unknown): string {
  if (typeof err !== "object" || err === null || !("code" in err)) return "";
  return typeof err.code === "string" ? err.code : "";
}

/** Whether another connection holds the lock that this one needs: worth another try, unlike everything else. */
export function isBusy(err: unknown): boolean {
  const code = errorCode(err);
  return code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED");
}

/** Names the fault behind an error of SQLite or the file system. `what` is the path, as the operator knows it. */
export function asStoreError(err: unknown, what: string): StoreError {
  if (err instanceof StoreError) return err;
  const code = errorCode(err);
  const said = err instanceof Error ? err.message : String(err);
  const make = (name: StoreErrorCode, message: string) => new StoreError(name, message, { cause: err });
  if (isBusy(err)) {
    return make("STORE_LOCKED", `${what} is locked by another program. Close what holds it, then try again.`);
  }
  if (code.startsWith("SQLITE_NOTADB") || code.startsWith("SQLITE_CORRUPT")) {
    return make("STORE_NOT_A_DATABASE", `${what} is not an SQLite database, or it is damaged (${said}).`);
  }
  if (code.startsWith("SQLITE_FULL") || code === "ENOSPC" || code === "EDQUOT") {
    return make("STORE_FULL", `There is no room left for ${what}. Free some space on its disk.`);
  }
  if (
    ["EACCES", "EPERM", "EROFS", "EISDIR", "ENOTDIR", "EEXIST"].includes(code) ||
    /^SQLITE_(READONLY|CANTOPEN)/.test(code)
  ) {
    return make(
      "STORE_NOT_ACCESSIBLE",
      `${what} cannot be opened or written (${said}). The file and its directory must belong to the user that runs this.`,
    );
  }
  return make("STORE_FAILED", `${what}: ${said}`);
}
