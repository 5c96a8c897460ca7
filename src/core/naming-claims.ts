/*
 * What a claim is about, by its name, as far as anybody can know: issuers call them what they like. Names are compared
 * without `_`, `-` and case, and without what stands before them (`https://acme.com/`, `urn:acme:`, `custom:`, `profile.`).
 */

/** Whom the values of a claim may name. */
export type About =
  /** The subject itself: an address, an account, a number of theirs. */
  | "subject"
  /** The subject as people are shown it: two may be called so, and an address in it is one person's. */
  | "shown"
  /** Something of the subject's: what is named within as a name is theirs. */
  | "holder"
  /** Whoever acts for the subject, or for whom the subject acts, outside `act`. */
  | "behind"
  /** Whoever may be behind the subject: its owner, who may act for it. */
  | "perhaps"
  /** Something that many share: the company, a help desk. */
  | "shared"
  /** Nobody knows. */
  | "anything";

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

/**
 * Where issuers say what somebody is called: OpenID Connect, Entra ID, ADFS, Azure AD B2C, Auth0, Cognito, GitLab, LDAP,
 * eduPerson. A session (`sid`) is one person's, too.
 */
const OF_SUBJECT = words(
  "email emails mail mails emailaddress emailaddresses useremail upn userprincipalname uniquename preferredusername username " +
    "login loginname loginhint userlogin user uid uidnumber userid oid objectid objectidentifier objectguid objectsid primarysid " +
    "sid onpremsid puid netid accountname samaccountname onpremsamaccountname onpremisessamaccountname " +
    "onpremisesuserprincipalname onpremisesimmutableid immutableid windowsaccountname winaccountname nameid nameidentifier " +
    "signinname signinnames externalid employeeid employeenumber employeeno staffid staffnumber personid personnelnumber " +
    "personnelid workerid eppn edupersonprincipalname edupersonuniqueid edupersontargetedid subjectid pairwiseid " +
    "verifiedprimaryemail verifiedsecondaryemail secondaryemail secondaryemails alternateemail alternateemails othermails " +
    "proxyaddresses",
);

/** How an object that names somebody calls what it names. SCIM, RFC 9493 */
const WITHIN_SUBJECT = words("value id sub uri address number");

const SHOWN = words("name nickname displayname commonname cn");

/** Claims that hold such claims. RFC 9493, Cognito, Firebase */
const HOLDERS = words(
  "profile profiledata userprofile userinfo usermetadata identities firebase subid identifiers subject person employee staff worker",
);

const BEHIND = words(
  "onbehalfof obo actor actors impersonator impersonators impersonatedby delegatedby delegator delegators requestedby requester " +
    "requestor initiator initiatedby triggeredby calledby actingas actingfor",
);

const PERHAPS = words("mayact delegate delegates owner owners ownerid owneremail ownedby principal");

/** Whose a machine is, or for whom it was called. Entra ID, GitHub, GitLab, OpenID Connect Registration (`contacts`). */
const OF_MACHINE = words(
  "owner owners ownerid owneremail ownedby createdby creator contact contacts onbehalfof obo requestedby requester initiator " +
    "initiatedby triggeredby actor sponsor sponsors maintainer maintainers responsible managedby delegator principal",
);

/** What no claim of these says is who somebody is; `act` is read for itself (`identity/tokens/actors.ts`). */
const OF_TOKEN = words(
  "iss aud exp iat nbf jti nonce azp clientid cid appid scope scp role roles group groups wids acr amr authtime act cnf typ ver " +
    "tid realmaccess resourceaccess authorizationdetails permissions entitlements events",
);

/** Others, of whom somebody has to approve what the subject asks for. */
const OF_OTHERS =
  /manager|supervisor|superior|teamlead|reportsto|directreport|subordinate|approver|inviter|sponsor|assistant|secretary|emergency|colleague|^team|^members?$|(?:invit|creat|updat|modifi|approv|manag)edby/;

const OF_MANY = /organi[sz]ation|^org|company|employer|tenant|department|helpdesk|support|workspace|project/;

/** Attributes of SAML that are named by a number. RFC 4519, RFC 2798, eduPerson */
const SAML_NAMES: Readonly<Record<string, string>> = {
  "urn:oid:0.9.2342.19200300.100.1.1": "uid",
  "urn:oid:0.9.2342.19200300.100.1.3": "mail",
  "urn:oid:2.16.840.1.113730.3.1.3": "employeenumber",
  "urn:oid:1.3.6.1.4.1.5923.1.1.1.6": "eppn",
  "urn:oid:1.3.6.1.4.1.5923.1.1.1.10": "edupersontargetedid",
  "urn:oid:1.3.6.1.4.1.5923.1.1.1.13": "edupersonuniqueid",
};

/**
 * Whom a claim may name that stands within one of which this is known (`anything` at the top); `undefined`: others, or nobody.
 * `ownsItself`: the subject is a machine, which is in it with whoever it names as its owner or its maker.
 */
export function aboutOf(name: string, within: About, ownsItself: boolean): About | undefined {
  if (within === "behind" || within === "perhaps") return within;
  const path = pathOf(name);
  const [last = "", before = ""] = path.split(/[/:.]/).reverse();
  if (ownsItself && OF_MACHINE.has(last)) return "subject";
  if (BEHIND.has(last)) return "behind";
  if (PERHAPS.has(last)) return "perhaps";
  if (OF_TOKEN.has(last) || OF_OTHERS.test(path)) return undefined;
  if (within === "shared" || OF_MANY.test(path)) return "shared";
  const isNamed = within === "subject" || within === "holder" || OF_SUBJECT.has(before) || HOLDERS.has(before);
  if (OF_SUBJECT.has(last) || (isNamed && WITHIN_SUBJECT.has(last))) return "subject";
  if (SHOWN.has(last)) return "shown";
  return HOLDERS.has(last) ? "holder" : "anything";
}

// Without the host of a URL, which says whose claim it is and not whom it is about.
function pathOf(name: string): string {
  const known = Object.hasOwn(SAML_NAMES, name) ? SAML_NAMES[name] : undefined;
  const path = name.toLowerCase().replace(/^https?:\/\/[^/]*\//, "");
  return known ?? path.replaceAll(/[_-]/g, "");
}
