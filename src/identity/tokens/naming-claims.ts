import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { namesWithin, readMailbox } from "../../core/mailbox.ts";

/** So deep lie what a token calls its user by: `firebase.identities.email`, `sub_id.identifiers.email`. */
const DEEP = 2;

/**
 * All that claims call their subject besides `sub`, verified or not. `ownsItself`: their subject is a machine, which belongs to
 * whoever they name as its owner or its maker; of a person those are others. @throws never
 */
export function namingTexts(claims: JsonObject, ownsItself = false): readonly string[] {
  const names = textsOf(claims, DEEP, "");
  const owners = ownsItself ? textsUnder(claims, OWNER_CLAIMS) : [];
  const phone = claims["phone_number_verified"] === true ? texts(claims["phone_number"]) : [];
  return [...names, ...owners, ...phone.map((number) => number.replaceAll(/[\s().-]/g, ""))];
}

function textsOf(claims: JsonObject, deeper: number, within: string): readonly string[] {
  return Object.entries(claims).flatMap(([name, value]) => {
    const form = formOf(name);
    // The first one is the one that is used; `smtp:` and `SMTP:` say which. Exchange, Entra ID.
    if (form === "proxyaddresses") return texts(value).map((address) => address.replace(/^smtp:/i, ""));
    // What people are shown, or call themselves, two may be called; an address in it is one person's.
    if (SHOWN_CLAIMS.has(form)) return texts(value).flatMap((text) => [text, ...namesWithin(text)].filter(isAddress));
    const own = NAMING_CLAIMS.has(form) || (within !== "" && INNER_CLAIMS.has(form));
    const found = own ? texts(value) : [];
    if (deeper === 0 || !(own || NAMING_OBJECTS.has(form))) return found;
    const inner: readonly (Json | undefined)[] = Array.isArray(value) ? value : [value];
    return [...found, ...inner.filter(isObject).flatMap((object) => textsOf(object, deeper - 1, form))];
  });
}

/** Texts and numbers in these claims, whatever their names are there. */
function textsUnder(claims: JsonObject, wanted: ReadonlySet<string>): readonly string[] {
  return Object.entries(claims).flatMap(([name, value]) =>
    wanted.has(formOf(name)) ? [...texts(value), ...textsOf({ user: value }, DEEP, "")] : [],
  );
}

// Claims of one's own are named by a URL, a URN or under a prefix.
function formOf(name: string): string {
  const known = SAML_NAMES[name];
  if (known !== undefined) return known;
  return name
    .replace(/^(?:https?:.*\/|urn:.*:|cognito:|custom:)/, "")
    .replaceAll(/[_-]/g, "")
    .toLowerCase();
}

function isAddress(text: string): boolean {
  return readMailbox(text) !== undefined;
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

/**
 * Where issuers say what somebody is called, as an address, an account or a number of theirs, without `_` and case: OpenID
 * Connect, Entra ID, ADFS, Azure AD B2C, Auth0, Cognito, GitLab, LDAP, eduPerson. Claims about others (a manager, an inviter)
 * are not among them. A session (`sid`) is one person's, too.
 */
const NAMING_CLAIMS = words(
  "email emails mail mails emailaddress emailaddresses useremail upn userprincipalname uniquename preferredusername username " +
    "login loginname loginhint userlogin user uid userid oid objectid objectguid objectsid primarysid sid onpremsid puid netid " +
    "accountname samaccountname onpremsamaccountname onpremisessamaccountname onpremisesuserprincipalname " +
    "onpremisesimmutableid immutableid windowsaccountname winaccountname nameid nameidentifier signinname signinnames " +
    "externalid employeeid employeenumber personid personnelnumber eppn edupersonprincipalname edupersonuniqueid " +
    "edupersontargetedid subjectid pairwiseid verifiedprimaryemail verifiedsecondaryemail secondaryemail secondaryemails " +
    "alternateemail alternateemails othermails",
);

/** Attributes of SAML that are named by a number. RFC 4519, RFC 2798, eduPerson */
const SAML_NAMES: Readonly<Record<string, string>> = {
  "urn:oid:0.9.2342.19200300.100.1.1": "uid",
  "urn:oid:0.9.2342.19200300.100.1.3": "mail",
  "urn:oid:2.16.840.1.113730.3.1.3": "employeenumber",
  "urn:oid:1.3.6.1.4.1.5923.1.1.1.6": "eppn",
  "urn:oid:1.3.6.1.4.1.5923.1.1.1.10": "edupersontargetedid",
  "urn:oid:1.3.6.1.4.1.5923.1.1.1.13": "edupersonuniqueid",
};

/** Claims that hold such claims. RFC 9493, Cognito, Firebase */
const NAMING_OBJECTS = words("user profile identities firebase subid identifiers");

/** How an object that names somebody calls what it names. SCIM, RFC 9493 */
const INNER_CLAIMS = words("value id sub uri address");

const SHOWN_CLAIMS = words("name nickname displayname commonname cn");

/** Whose a machine is, or for whom it was called. Entra ID, GitHub, GitLab, OpenID Connect Registration (`contacts`). */
const OWNER_CLAIMS = words(
  "owner owners ownerid owneremail ownedby createdby creator contact contacts onbehalfof obo requestedby requester initiator " +
    "initiatedby triggeredby actor sponsor sponsors maintainer maintainers responsible managedby delegator principal",
);

/** The texts of a claim that is one or a list of them. */
export function texts(value: Json | undefined): readonly string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string" && item !== "") : [];
}
