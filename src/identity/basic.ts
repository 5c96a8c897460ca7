import { createHmac, randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";
import { sha256 } from "../core/digest.ts";
import { refuse } from "../core/errors.ts";
import { isPlainAddress } from "../core/mailbox.ts";
import { AT_HOME, BASIC_ISSUER, NO_TOKEN, type Principal } from "../core/principal.ts";
import type { Attempts } from "../http/attempts.ts";
import { tooManyAttempts } from "./credential-answers.ts";
import type { Identified } from "./identity.ts";
import type { BasicOptions, BasicUser } from "./options.ts";
import { readBasic } from "./passwords/basic-header.ts";
import { createSlots } from "./passwords/slots.ts";
import { verifyPassword } from "./passwords/verify-password.ts";

/** For so long a password that was good is not worked out again, ms. */
const REMEMBERED_FOR_MS = 60_000;
const REMEMBERED = 1_000;
/** Node works out four such things at a time, and needs two of them for files and names. */
const AT_ONCE = 2;
const MAX_WAITING = 64;
const BUSY_RETRY_S = 2;

export interface BasicDeps {
  /** ms since the epoch. */
  readonly now: () => number;
  readonly attempts: Attempts | undefined;
  /** As whom a user of the file comes. */
  readonly accept: (principal: Principal) => Identified;
  readonly reject: (path: string) => Identified;
  /** Works a password out. Default: `verifyPassword`. */
  readonly verify?: typeof verifyPassword;
}

/** Identifies by an `Authorization` header of the scheme Basic. Synchronous for a password that was good a moment ago. */
export type IdentifyBasic = (
  request: { readonly authorization: string; readonly path: string; readonly remoteAddress: string },
  options: BasicOptions,
) => Identified | Promise<Identified>;

/** The users of one reading of the file, and what is known of their passwords. */
interface Known {
  readonly options: BasicOptions;
  readonly users: ReadonlyMap<string, BasicUser>;
  /** By a keyed hash of the header, so that no list of guesses leads back to a password. */
  readonly good: LRUCache<string, { readonly identified: Identified; readonly until: number }>;
  /** By that and the path, which a refusal names. */
  readonly verifying: Map<string, Promise<Identified>>;
}

/**
 * Makes it. A name that there is not costs as much as one that there is: the password is held against the hash of a user that
 * the name stands for by chance, and the answer is no. With other users everything is forgotten.
 */
export function createBasic({ now, attempts, accept, reject, verify = verifyPassword }: BasicDeps): IdentifyBasic {
  const secret = randomBytes(32);
  const keyed = (text: string): Buffer => createHmac("sha256", secret).update(text).digest();
  const slots = createSlots(AT_ONCE, MAX_WAITING);
  let known: Known | undefined;

  return ({ authorization, path, remoteAddress }, options) => {
    const current = knownOf(options);
    const credential = readBasic(authorization);
    if (credential === undefined || current.users.size === 0) return reject(path);
    const { name, password } = credential;
    const key = keyed(`${name}:${password}`).toString("base64");
    const again = current.good.get(key);
    if (again !== undefined && now() < again.until) return again.identified;
    const running = current.verifying.get(key + path);
    if (running !== undefined) return running;
    // Counted by the name, whatever the password.
    const attempt = attempts?.begin({ ip: remoteAddress, credential: sha256(`basic\n${name}`), at: "Basic" });
    if (attempt?.ok === false) return tooManyAttempts(attempt.retryAfterS);
    const user = current.users.get(name);
    const { hash } = user ?? standIn(options.users, name);
    const verified = slots.run(() => verify(hash, password));
    if (verified === undefined) {
      attempt?.end(false);
      return { ok: false, refusal: refuse("TOO_MANY_OPEN"), headers: { "Retry-After": String(BUSY_RETRY_S) } };
    }
    const answer = verified.then((matches) => {
      const identified = user !== undefined && matches ? accept(principalOfUser(user)) : undefined;
      attempt?.end(identified === undefined);
      if (identified !== undefined) current.good.set(key, { identified, until: now() + REMEMBERED_FOR_MS });
      return identified ?? reject(path);
    });
    const counted = answer.finally(() => current.verifying.delete(key + path));
    current.verifying.set(key + path, counted);
    return counted;
  };

  function knownOf(options: BasicOptions): Known {
    if (known?.options === options) return known;
    const users = new Map(options.users.map((user) => [user.name, user]));
    known = { options, users, good: new LRUCache({ max: REMEMBERED }), verifying: new Map() };
    return known;
  }

  function standIn(users: readonly BasicUser[], name: string): BasicUser {
    const user = users[keyed(name).readUInt32BE(0) % users.length];
    if (user === undefined) throw new RangeError("there is no user to stand in");
    return user;
  }
}

/** As whom a user comes: to the endpoint of MCP alone, so that they decide and administer nothing. */
export function principalOfUser({ name, kind, email, roles, groups }: BasicUser): Principal {
  return {
    issuer: BASIC_ISSUER,
    subject: name,
    kind,
    clientId: undefined,
    email: email !== undefined && isPlainAddress(email) ? email : undefined,
    name,
    roles,
    groups,
    claims: {},
    ...NO_TOKEN,
    ...AT_HOME,
    may: ["call"],
  };
}
