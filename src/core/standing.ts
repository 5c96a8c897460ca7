import { compileGlobs } from "./glob.ts";
import { asciiDomain, isPlainAddress, readMailbox } from "./mailbox.ts";
import { PERMISSIONS, type Permission } from "./principal.ts";

/**
 * What an issuer may say of those who come with its tokens. What it says beyond that does not count: the role is not
 * theirs, and the address is not known.
 */
export interface Standing {
  readonly may: readonly Permission[];
  /** Globs over the roles that it may give. */
  readonly roles: readonly string[];
  /** The same for groups. */
  readonly groups: readonly string[];
  /** The same for scopes: a name that policies go by is the company's, whoever writes it into a token. */
  readonly scopes: readonly string[];
  /** Globs over the claims that policies see of its tokens. */
  readonly userClaims: readonly string[];
  /** Globs over the domains of which its e-mail addresses count. */
  readonly emailDomains: readonly string[];
  /** `claim`: an address counts where the token says that it was verified. `always`: the issuer verifies every one. */
  readonly emailVerified: "claim" | "always";
  /** Whether a subject that is written without an issuer means one of this issuer. */
  readonly home: boolean;
}

/** Of the only issuer, and of the first of several: what it says is what the company says. */
export const FULL_STANDING: Standing = {
  may: PERMISSIONS,
  roles: ["*"],
  groups: ["*"],
  scopes: ["*"],
  userClaims: ["*"],
  emailDomains: ["*"],
  emailVerified: "claim",
  home: true,
};

/** Of every further issuer: its people may call, and nothing that it says of them counts for what is somebody else's. */
export const GUEST_STANDING: Standing = {
  ...FULL_STANDING,
  may: ["call"],
  roles: [],
  groups: [],
  scopes: [],
  userClaims: [],
  emailDomains: [],
  home: false,
};

/** The names of a list that these globs allow. */
export function allowedNames(names: readonly string[], globs: readonly string[]): readonly string[] {
  if (globs.includes("*")) return names;
  const allowed = compileGlobs(globs);
  return names.filter(allowed);
}

/**
 * An e-mail address if this issuer may say it, `undefined` if it does not count. What is no plain address counts as none:
 * another spelling of a mailbox would pass by the rules about it. `verified`: what the token says of it.
 */
export function vouchedAddress(
  address: string | undefined,
  verified: boolean,
  { emailDomains, emailVerified }: Pick<Standing, "emailDomains" | "emailVerified">,
): string | undefined {
  if (address === undefined || (!verified && emailVerified !== "always") || !isPlainAddress(address)) return undefined;
  if (emailDomains.includes("*")) return address;
  const domain = mailDomainOf(address);
  return domain !== undefined && compileGlobs(emailDomains.map(asciiDomain))(domain) ? address : undefined;
}

/** The domain of a plain e-mail address, as domains are compared; `undefined` of anything else. */
export function mailDomainOf(address: string): string | undefined {
  return readMailbox(address)?.domain;
}
