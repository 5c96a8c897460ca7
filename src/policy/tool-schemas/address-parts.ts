import type { Domain } from "./domain.ts";

const LETTER = /[\p{L}\p{N}]/u;

/**
 * What speaks against a test of a part of an address: that addresses of others can have it as well. Only `@` with the
 * whole domain, at the end, says whose it is; a dot before a domain says that it is below that one.
 */
export const doubtsOfAddress: Domain["doubts"] = (text, where) => {
  const at = text.indexOf("@");
  if (where === "whole" || !LETTER.test(text)) return undefined;
  switch (where) {
    case "start":
      return at < 0 ? undefined : `Addresses at other domains start so, too, as ann@acme.com.evil.com does with ann@.`;
    case "end":
      if (at === 0 || (at < 0 && text.startsWith("."))) return undefined;
      return at < 0
        ? "Addresses at other domains end so, too, as ann@evilacme.com does where acme.com is looked for."
        : "Addresses of others end so, too, as joann@acme.com does where ann@acme.com is looked for.";
    case "anywhere":
      return "Addresses at other domains have it, too, as ann@acme.com.evil.com has @acme.com. Look at the whole end.";
    default:
      return where satisfies never;
  }
};

/** The same of what was taken out of an address, by `split` or `substring`: the domain, or the local part. */
export function doubtsOfPart(doubts: Domain["doubts"]): Domain["doubts"] {
  return (text, where) => {
    if (where === "whole" || !text.includes(".")) return undefined;
    return doubts(text, where === "start" ? "anywhere" : where);
  };
}
