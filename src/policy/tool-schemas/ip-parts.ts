import { isIP } from "node:net";
import type { Domain } from "./domain.ts";
import type { LookAlikes, NamedText } from "./look-alikes.ts";
import { writtenInPattern } from "./pattern-parts.ts";

/*
 * Which network an IP address is in says its start, in whole parts: a test of anything else takes addresses of other networks
 * for those of the one that is meant.
 */

const DIGITS = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
/** With parts that few look for. */
const STRANGERS = ["203.0.113.86", "198.51.100.143", "77.88.99.66", "2001:db8:9a7c::e5d1"];
const OTHER = "203";
const PADDING = ["0", "0", "86"];
/** Stands for what is not written out. */
const GAP = "\0";
const PLAIN_PATTERN = /^\^?(?:\d|\\?\.|\[\.\])+\$?$/;

const CERTAIN =
  'Which network it is in says its start, in whole parts: `startsWith("10.1.")` with the dot at the end is certain, and for single addresses `==` or `in`. There is no test of ranges such as 10.0.0.0/12: name what begins it.';

/** What speaks against a test of a part of an IP address: that none is so. */
export const doubtsOfIp: Domain["doubts"] = (text, where) => {
  if (where !== "start") return undefined;
  if (text.startsWith("::ffff:")) return "An IPv4 address in an IPv6 one is seen as the former: 10.0.0.7.";
  const [, octets = ""] = /^((?:\d+\.)+)/.exec(text) ?? [];
  const isNone = octets.split(".").some((it) => Number(it) > 255 || (it.length > 1 && it.startsWith("0")));
  return isNone ? "No address begins so: its parts are from 0 to 255, without zeros before them." : undefined;
};

/** Addresses of other networks that have something of what a test names; `undefined` where it names none. */
export function ipLookAlikes(constants: readonly NamedText[]): LookAlikes | undefined {
  const texts = constants.map(namedIn).filter((text) => /[\da-f]/.test(text));
  const parts = texts.flatMap((text) => text.split(/[.:]/)).filter((part) => part !== "");
  const strangers = STRANGERS.filter(
    (it) => !it.split(/[.:]/).some((own) => parts.some((part) => own.startsWith(part) || own.endsWith(part))),
  );
  const lookAlikes = texts.flatMap((text) =>
    addressesLike(text)
      .filter((it) => isIP(it) !== 0 && !texts.some((other) => isWithin(it, other)))
      .map((it) => ({ text: it, of: text, isOdd: true })),
  );
  return lookAlikes.length === 0 ? undefined : { strangers: [strangers], lookAlikes, certain: CERTAIN };
}

// What a pattern has before anything that is not written out, in whole parts. A bare dot was meant as one.
function namedIn({ text, isPattern }: NamedText): string {
  if (!isPattern) return text;
  if (PLAIN_PATTERN.test(text)) return text.replace(/(?<=\d)\.$/, "").replace(/[\\[\]^$]/g, "");
  const [before = "", ...more] = writtenInPattern(text, GAP).join(GAP).split(GAP);
  return more.length === 0 ? before : before.slice(0, Math.max(before.lastIndexOf("."), before.lastIndexOf(":")) + 1);
}

function isWithin(address: string, text: string): boolean {
  const start = text.replace(/[.:]+$/, "");
  return address === text || address.startsWith(`${start}.`) || address.startsWith(`${start}:`);
}

function addressesLike(text: string): readonly string[] {
  if (text.includes(":")) return /^[\da-f:]+$/.test(text) ? ofIpv6(text) : [];
  return /^[\d.]+$/.test(text) ? ofIpv4(text) : [];
}

function ofIpv4(text: string): readonly string[] {
  const octets = text.split(".").filter((it) => it !== "");
  const [first = "", ...rest] = octets;
  const last = octets.at(-1) ?? "";
  const longer = text.endsWith(".") ? [] : DIGITS.map((digit) => [...octets.slice(0, -1), last + digit]);
  const joined = octets
    .slice(1)
    .flatMap((octet, at) =>
      DIGITS.map((digit) => [...octets.slice(0, at), `${octets[at]}${digit}${octet}`, ...octets.slice(at + 2)]),
    );
  const begun = [...longer, [`1${first}`, ...rest], [`2${first}`, ...rest], ...joined];
  const behind = [OTHER, ...octets];
  const padded = (it: readonly string[]): readonly string[] =>
    [...it, ...PADDING.slice(Math.max(0, it.length - 1))].slice(0, 4);
  const ended = [OTHER, "0", "113"].slice(0, Math.max(0, 4 - octets.length)).concat(octets);
  return [...(text.startsWith(".") ? [] : begun), behind, ended].map((it) => padded(it).join("."));
}

function ofIpv6(text: string): readonly string[] {
  const named = text.replace(/^:+|:+$/g, "");
  const rest = text.includes("::") ? "" : "::1";
  const longer = text.endsWith(":") ? [] : [`${text}0${rest}`, `${text}f${rest}`];
  return [...longer, `2a00:${named}${text.endsWith("::") ? "::1" : rest}`, `2a00::${named}`, `2a00::1${named}`];
}
