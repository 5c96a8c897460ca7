/** What is not of a known size is no longer than this, in bytes. */
export const MAX_TEXT_BYTES = 1024 * 1024;

/** The longest request body that a configuration can allow, sealed: base64, and the caller's claims beside the arguments. */
export const MAX_ARGUMENTS_BYTES = 96 * 1024 * 1024;

/** What the parts of a request for approval are no longer than: arguments are a text within JSON, and an answer is as long as a text can be. */
export const APPROVAL_SIZES = {
  arguments: 2 * MAX_ARGUMENTS_BYTES,
  requester: MAX_ARGUMENTS_BYTES,
  result: 512 * 1024 * 1024,
};

/** The longest name of anything that the gateway keeps. */
export const MAX_ID_BYTES = 1024;

/** What stands where a text of a row cannot be read. */
export const UNREADABLE = "unreadable";

/** An id as it is told to people, who may have written anything there. */
export function idText(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : UNREADABLE;
}
