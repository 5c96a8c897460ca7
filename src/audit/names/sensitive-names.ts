import { inLatin, isAscii, OTHER_SCRIPTS } from "./latin-names.ts";

/*
 * What a key says about its value: that it is a secret, or the number of an account or a card. Names are read by their
 * words, so that `pan` is one and `company`, `panel` and `japan` are not.
 */

/**
 * `secret`: whatever stands under it goes. `number`: what looks like such a number goes; an account may also be a
 * customer's name, and a card one on a board.
 */
export type NameKind = "secret" | "number" | "plain";

/** What a key that is a secret belongs to or is for: `ssh_key`, and not `sort_key`. */
const KEY_WORDS =
  "master|ssh|wi ?fi|wlan|wep|wpa2?|licen[cs]e|activation|deploy|cipher|crypto|aes|rsa|pgp|gpg|ssl|tls|hmac|shared|root|" +
  "recovery|account|client|decryption|auth|vault|webhook";

/** What a code that is a secret opens or proves: `door_code`, and not `country_code`. */
const CODE_WORDS =
  "access|verification|verify|unlock|door|gate|alarm|recovery|backup|activation|auth|authentication|card|login|sms|" +
  "one ?time|device|safe|lock";

/** In the name without its separators: these words occur in no others. */
const SECRET_PART = new RegExp(
  [
    "passw|requirepass|passphrase|passcode|pwd|secret|token|apikey|accesskey|privatekey|signingkey|encryptionkey|sessionkey|sessionid",
    "authoriz|^auth$|credential|cookie|bearer|jwt|otp$|^pin$|pincode|^cvv|^cvc|socialsecurity|creditcard$|cardnumber",
    "accountnumber|routingnumber|connectionstring|stringdata$|encrypted(?:value|data|text|content)$",
    "dockerconfigjson|dockercfg|kubeconfig|^id(?:rsa|ed25519|ecdsa)$|keystore$|serviceaccountjson|^(?:netrc|npmrc|pgpass|pem)$|^pepper$",
    "(?:user|db|my|root|admin|login|mail|smtp|ftp|ssh|sql|wifi)pass$",
    // In the languages of neighbours.
    "kennwort|matkhau|contrasen[ah]|senha|motdepasse|wachtwoord|salasana|losenord|adgangskode|geheim",
    "steuernummer|steuerid|kontonummer|kontonr|kartennummer|kreditkarte|numero(?:de)?(?:cuenta|conta|conto|tarjeta|compte)",
    "personnummer|codicefiscale|sozialversicherungsnummer|rekeningnummer",
  ].join("|"),
);

/** In the name word by word, with one space between. */
const SECRET_WORDS = new RegExp(
  [
    "\\b(?:pan|iban|bban|ssn|cvv2?|cvc2?|bsb|aba|ifsc|clabe|itin|sort ?code|security ?code)\\b",
    "\\b(?:card|account|acct?|a ?c|routing|passport|tax|vat|insurance|licen[cs]e|social security|identity|nhs|ni) ?(?:number|num|no|nr)\\b",
    // Short ones that are words of their own in a name, in front as well as behind: `pin_number`, `userPin`, `mfa_code`.
    "\\b(?:pins?|[tp]?otp|mfa|2 ?fa|pass|pw|pswd|creds?|mnemonic|seed ?phrase|card ?verification)\\b",
    "\\b(?:psk|hmac|[cx]srf|basic ?auth|mdp|haslo|heslo|parola|sifre|jelszo|pfx|pkcs ?12|snmp ?community)\\b|^community ?string$",
    // A person called Pat is none.
    "^pats?$|\\b(?:github|gitlab|gh|git|azure|ado|devops) ?pat\\b",
    `\\b(?:${KEY_WORDS}) ?keys?\\b|\\b(?:${CODE_WORDS}) ?codes?\\b|\\b(?:recovery|backup) ?(?:phrase|words)\\b`,
    "\\bsecurity ?(?:answers?|questions?)\\b|\\bmaiden ?names?\\b|\\b(?:lock|safe|door) ?combination\\b",
    "\\btax ?(?:payer ?)?id\\b|\\bnational ?(?:id|insurance)\\b|\\bpassport$|\\bdrivers? ?licen[cs]e$",
    "\\b(?:aadhaa?r|cpf|pesel|bsn|curp|tckn|steuer ?nr)\\b",
  ].join("|"),
);

/** Words with which a name ends that may hold the number itself. Some of them are other words in another language. */
const NUMBER_WORDS = new RegExp(
  [
    "\\b(?:accounts?|acct|cards?|routing|konto|conto|cuenta|compte|conta|rekening)(?: (?:id|ref|reference|from|to|source|target))?$",
    "\\b(?:social|sin|dni|nie|nif|rut|cnpj|personal ?(?:id|number|no))$",
  ].join("|"),
);

/** Members of an object under such a name that may be the number. */
const NUMBER_MEMBER = /^(?:number|num|no|nr|id|value)$/i;

/** The last word of a name tells its role: `ParameterKey`, `new_value`. An id is one only by itself: others are somebody's. */
const HOLDS =
  /\b(?:values?|vals?|v|contents?|data|text|input|argument|arg|string|default|operand|answer|response|send|keystrokes)$/;
const CHANGES = /^(?:to|from|old|new|before|after|with|replace|replacement|right|keys)$/;
const NAMES =
  /\b(?:name|key|k|field|header|variable|var|param|parameter|option|element|selector|locator|label|attribute|attr|column|col|prop|property|setting|placeholder|xpath|css|json ?path|key ?path|accessibility id|test id|element description)$|^id$/;
const PROMPTS = /^(?:set|query|find|search|pattern|match|prompt|question|expect|target|left|wait for)$/;
/** A name that ends so tells what a secret is called; where it lies or what it is for may be seen. */
const LABELS = / (?:name|label|path|arn|ref|id)$/;
const STATEMENT = /^(?:sql|query|statement|stmt|cypher|mutation|template|format|command|text)$/;
const GIVEN =
  /^(?:params?|parameters|arguments|args|argv|values|bind|binds|bindings|variables|vars|data|inputs?|flags|options|command args)$/;
const PROGRAM = /^(?:command|cmd|program|executable|binary|bin|exec|entrypoint)$/;
const HEADS =
  /\b(?:columns|cols|fields|headers|head|headings|header row|names|keys|variables|params|parameters|attributes|properties)$/;
const TOPICS = /\b(?:tags?|labels?|topics?|scopes?|permissions?|roles?|keywords?|categories|components|required)$/;
/** That it is true says that a secret is beside it. */
const FLAGS = /^(?:is )?(?:secret|sensitive|masked|secured)$/;
const TYPES = /^(?:input |field )?(?:type|kind)$/;
const PLACE = /^(?:path|pointer)$/;

/** Characters of a name that are read. */
export const MAX_NAME = 400;
/** Characters of a value that may be a number. */
const MAX_NUMBER = 80;
/** How often as long a name may become by writing it in full. */
const MAX_GROWTH = 2;

/** Steps of the budget that reading a name takes; one in other letters must be translated. */
export function stepsOfName(name: string): number {
  const seen = name.slice(0, MAX_NAME);
  return 12 + seen.length * (isAscii(seen) ? 5 : 10);
}

// Names come again and again, and callers choose them: what is known is forgotten when it is too much.
const MAX_KNOWN = 2_000;

/**
 * What a member says about those beside it. `names`: its value is the name of a setting, a field, a column; `asks`: the same where it
 * is nothing but a name. `tells`: it is what a secret is called, whatever that is. `types`: it says of what type they are, in one word.
 * `place`: it points to a member, where an operation stands beside it. `holds`: its value belongs to the name beside it;
 * `changes`: the same where that is nothing but a name. `heads`: it lists the names of columns; `topics`: words, none of which says
 * anything of the next. `flags`: it says whether they are secret.
 */
export type Role =
  | "names"
  | "asks"
  | "tells"
  | "heads"
  | "types"
  | "place"
  | "holds"
  | "changes"
  | "topics"
  | "flags"
  | "none";

/**
 * What it is to a call within the call: a `statement` with places for what is `given`, a `program` with what it is given, or
 * either.
 */
export type Part = "statement" | "program" | "command" | "given";

/** What is known of a name. */
export interface Name {
  /** As it was given. */
  readonly name: string;
  readonly kind: NameKind;
  readonly role: Role;
  readonly part?: Part;
}

/** Makes the function that says what a name is; it remembers what it said. */
export function createNameReader(): (name: string) => Name {
  const known = new Map<string, Name>();
  return (name) => {
    let facts = known.get(name);
    if (facts === undefined) {
      facts = { name, ...read(name.slice(0, MAX_NAME)) };
      if (known.size >= MAX_KNOWN) known.clear();
      if (name.length <= MAX_NAME) known.set(name, facts);
    }
    return facts;
  };
}

/** What `key` is where the key around it is `within`: `{"account": {"number": …}}`. */
export function kindWithin(kind: NameKind, key: string, within: NameKind): NameKind {
  return kind === "plain" && within === "number" && NUMBER_MEMBER.test(key) ? "number" : kind;
}

/** Whether a name is that of a secret: `password`, `apiKey`, `X-Api-Key`, `client_secret`, `cardNumber`, … */
export function looksSecret(name: string): boolean {
  return read(name.slice(0, MAX_NAME)).kind === "secret";
}

function read(given: string): Omit<Name, "name"> {
  if (isAscii(given)) return readLatin(given);
  const composed = given.normalize("NFKC");
  // Signs that stand for whole sentences are in no name.
  const isHidden = composed.length > MAX_GROWTH * given.length || OTHER_SCRIPTS.test(composed);
  return isHidden ? { kind: "secret", role: "none" } : readLatin(inLatin(given).slice(0, MAX_NAME));
}

function readLatin(latin: string): Omit<Name, "name"> {
  const words = latin
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .replace(/[^A-Za-z0-9]+/g, " ")
    .trim()
    .toLowerCase();
  const kind = kindOf(words);
  const told = kind === "secret" && LABELS.test(words) && kindOf(words.replace(LABELS, "")) === "secret";
  // Some that are called an id are the secret itself.
  if (told) return { kind: words.endsWith(" id") ? kind : "plain", role: "tells" };
  const part = partOf(words);
  return { kind, role: roleOf(words), ...(part === undefined ? {} : { part }) };
}

function partOf(words: string): Part | undefined {
  if (GIVEN.test(words)) return "given";
  if (PROGRAM.test(words)) return words === "command" || words === "cmd" ? "command" : "program";
  return STATEMENT.test(words) ? "statement" : undefined;
}

function kindOf(words: string): NameKind {
  if (SECRET_PART.test(words.replaceAll(" ", "")) || SECRET_WORDS.test(words)) return "secret";
  return NUMBER_WORDS.test(words) ? "number" : "plain";
}

function roleOf(words: string): Role {
  if (HOLDS.test(words)) return "holds";
  if (HEADS.test(words)) return "heads";
  if (NAMES.test(words)) return "names";
  if (TOPICS.test(words)) return "topics";
  if (CHANGES.test(words)) return "changes";
  if (PROMPTS.test(words)) return "asks";
  if (TYPES.test(words)) return "types";
  if (FLAGS.test(words)) return "flags";
  return PLACE.test(words) ? "place" : "none";
}

/** Whether a value can be the number of an account or a card: five digits or more, and more digits than letters. */
export function looksLikeNumber(value: string | number): boolean {
  const text = typeof value === "number" ? String(value) : value;
  if (text.length > MAX_NUMBER || !/^[\p{L}\p{N}\p{Zs}\p{Pd}./*]+$/u.test(text)) return false;
  const digits = text.replace(/\P{Nd}/gu, "").length;
  const letters = text.replace(/\P{L}/gu, "").length;
  return digits >= 5 && digits > letters;
}

/** `max_tokens: 100` counts the tokens of a language model. */
export function isTokenCount(name: string, value: string): boolean {
  return /tokens$/i.test(name.slice(-10)) && /^\s*\d{1,15},?\s*$/.test(value);
}
