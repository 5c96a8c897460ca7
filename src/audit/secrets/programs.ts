/*
 * Programs that take a secret on their command line without a name of one, and where.
 */

/** A program, the option before its secret, a word that it needs beside, and the sign in the option's value before the secret. */
export interface Rule {
  readonly programs: RegExp;
  readonly option: string;
  readonly with?: RegExp;
  readonly behind?: string;
}

export const RULES: readonly Rule[] = [
  { programs: /^(?:mysql|mariadb)[\w-]*$/, option: "-p" },
  {
    programs: /^(?:sshpass|7z[ar]?|mongo(?:sh|dump|restore|export|import)?|cqlsh|useradd|usermod|rdesktop)$/,
    option: "-p",
  },
  { programs: /^(?:docker|podman|nerdctl|az|oc|helm|crane|skopeo|registry)$/, option: "-p", with: /^login$/ },
  { programs: /^(?:sqlcmd|bcp|osql|isql|tsql|unzip|zip|ipmitool|mosquitto_[ps]ub|ssh-keygen)$/, option: "-P" },
  { programs: /^redis-cli$/, option: "-a" },
  { programs: /^ldap\w+$/, option: "-w" },
  { programs: /^ssh-keygen$/, option: "-N" },
  { programs: /^openssl$/, option: "-k", with: /^enc$/ },
  { programs: /^curl$/, option: "-u", behind: ":" },
  { programs: /^curl$/, option: "--user", behind: ":" },
  { programs: /^curl$/, option: "--proxy-user", behind: ":" },
  { programs: /^curl$/, option: "-U", behind: ":" },
  { programs: /^(?:https?|xhs?)$/, option: "-a", behind: ":" },
  { programs: /^(?:smbclient|rpcclient|net|wmic)$/, option: "-U", behind: "%" },
  { programs: /^curl$/, option: "-b", behind: "=" },
  { programs: /^curl$/, option: "--cookie", behind: "=" },
  { programs: /^psexec$/, option: "-p" },
  { programs: /^schtasks$/, option: "/rp" },
  { programs: /^az$/, option: "--value", with: /^secret$/ },
  { programs: /^az$/, option: "-p", with: /^(?:create|update)$/ },
  { programs: /^kubectl$/, option: "-p", with: /^secrets?$/ },
  { programs: /^ldappasswd$/, option: "-s" },
  { programs: /^gh$/, option: "-b", with: /^secret$/ },
  { programs: /^gh$/, option: "--body", with: /^secret$/ },
  { programs: /^aws$/, option: "--value", with: /^securestring$/i },
  { programs: /^aws$/, option: "--secret-string" },
  { programs: /^kubectl$/, option: "--from-literal", behind: "=" },
  { programs: /^convertto-securestring$/, option: "-string" },
  { programs: /^[xw]freerdp/, option: "/p:" },
  { programs: /^cmdkey$/, option: "/pass:" },
];

/** Programs with a place for a secret, and which of the words, without options, it is: from the front, or from the back. */
export const PLACES: readonly { readonly programs: RegExp; readonly with?: RegExp; readonly at: number }[] = [
  { programs: /^convertto-securestring$/, at: 1 },
  { programs: /^net1?$/, with: /^user$/, at: 3 },
  { programs: /^vault$/, with: /^login$/, at: 2 },
  { programs: /^htpasswd$/, with: /^-\w{0,4}b/, at: -1 },
  { programs: /^openssl$/, with: /^passwd$/, at: -1 },
  { programs: /^mysqladmin$/, with: /^password$/, at: -1 },
  { programs: /^redis-cli$/, with: /^auth$/i, at: -1 },
  { programs: /^doppler$/, with: /^secrets$/, at: -1 },
  { programs: /^pulumi$/, with: /^--secret$/, at: -1 },
];
