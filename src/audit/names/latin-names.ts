/*
 * Names in other letters than ASCII's: as a reader takes them who knows only those. A name that is written with a
 * Cyrillic `а` or a Greek `ο` reads the same, and must be the same here.
 */

/** Words for a password in scripts that have no Latin look. */
export const OTHER_SCRIPTS =
  /парол|секрет|токен|пин.?код|密码|密碼|口令|パスワード|暗証|비밀번호|암호|סיסמ|كلمة.?(?:المرور|السر)|κωδικ|συνθηματικ|पासवर्ड/iu;

/** Letters that look like, or are written without their stroke as, a Latin one; those of lower and upper case. */
const LOOKALIKES: ReadonlyMap<string, string> = new Map(
  [
    ["абвеёзіїјкмнорстухьԁԛԝѕһӏԍ", "abbee3iijkmhopctyxbdqwshlg"],
    ["АВЕЅІЈКМНОРСТУХЗԌԚԜҺ", "ABESIJKMHOPCTYX3GQWH"],
    ["αβγεηικνορστυχωϲϳ", "abyenikvopstuxwcj"],
    ["ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹ", "ABEZHIKMNOPTYXC"],
    ["ıłøđħſɡɑɩոսօհցզ", "ilodhsgaInuohgq"],
  ].flatMap(([from = "", to = ""]) =>
    Array.from(from, (letter, index): [string, string] => [letter, to.charAt(index)]),
  ),
);

/** Whether a text is all printable ASCII. */
export function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/** A letter that is written with more is a word or a sentence, of which there are up to 18 letters in one. */
const MAX_LETTERS = 4;

// What was found for a letter, since looking is dear; forgotten when it is too much.
const known = new Map<string, string>();
const MAX_KNOWN = 2_000;

/** A name in Latin letters: other forms of them and marks on them are gone, look-alikes replaced. Case stays: it parts words. */
export function inLatin(name: string): string {
  return name.replace(/[^\x20-\x7e]/gu, (letter) => {
    const before = known.get(letter);
    if (before !== undefined) return before;
    const latin = letterInLatin(letter);
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(letter, latin);
    return latin;
  });
}

function letterInLatin(letter: string): string {
  const apart = letter.normalize("NFKD");
  if (apart.length > MAX_LETTERS) return letter;
  return apart
    .replace(/[\p{M}\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}]/gu, "")
    .replace(/[^\x20-\x7e]/gu, (part) => LOOKALIKES.get(part) ?? part);
}
