/**
 * What a reader sees nothing of, or takes for nothing: zero-width and other ignorable characters, controls, marks of
 * direction. Unicode, `Default_Ignorable_Code_Point`, general categories Cc and Cf.
 */
const IGNORABLE = /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}]/gu;

/** Half of a pair: writers put the same character in its place, whichever half it is. */
const LONE_SURROGATE = /\p{Surrogate}/gu;

/** A Turkish İ in lower case, which other readers take for an i like any other. */
const DOTTED_I = /i\u0307/g;

/** Of printable ASCII, only case folds. Nearly all names of fields are; the way of the others takes 2 µs. */
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/**
 * A text as it is compared where two spellings must not pass for two things: compatibility forms are one (NFKC), case
 * does not count, and what is ignorable is gone. Only for comparing: what is shown, stored or sent is the text itself.
 */
export function fold(text: string): string {
  if (PRINTABLE_ASCII.test(text)) return text.toLowerCase();
  // Taken apart first, so that marks stand in one order before case is folded, and put together at the end.
  const apart = text.replaceAll(LONE_SURROGATE, "\uFFFD").normalize("NFKD").replaceAll(IGNORABLE, "");
  // By way of upper case, so that ß is ss and a dotless i an i; from lower case, because only so a capital ß is, too.
  const lower = apart.toLowerCase().replaceAll(DOTTED_I, "i").toUpperCase().toLowerCase();
  return lower.normalize("NFKC").replaceAll(IGNORABLE, "");
}

/**
 * Whether a name shows all that is in it: no character of it is invisible, stands for another one in form alone, or is a
 * blank at an end. Names in different case, or of other letters that look alike, can both be plain.
 */
export function isPlain(name: string): boolean {
  if (name.trim() !== name) return false;
  return PRINTABLE_ASCII.test(name) || (name.normalize("NFKC") === name && !hasUnseen(name));
}

function hasUnseen(name: string): boolean {
  return name.replaceAll(IGNORABLE, "").replaceAll(LONE_SURROGATE, "") !== name;
}
