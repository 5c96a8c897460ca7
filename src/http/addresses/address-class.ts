import ipaddr from "ipaddr.js";

/** An IP address, read. */
export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A range of addresses, read from `10.0.0.0/8` or from a single address. */
export type AddressRange = readonly [Address, number];

/**
 * Where clouds answer their machines' questions about credentials: AWS, Azure, Google and others (link-local), ECS
 * tasks, EKS pods, Azure's wire server (a public address, but answered by the host alone), Alibaba, Oracle.
 */
const METADATA = new Set([
  "169.254.169.254",
  "169.254.170.2",
  "169.254.170.23",
  "168.63.129.16",
  "100.100.100.200",
  "192.0.0.192",
  "fd00:ec2::254",
  "fd00:ec2::23",
  "fd20:ce::254",
]);

/** Reads an address as resolvers and URLs write it, brackets and zone allowed; `undefined` if it is none. */
export function readAddress(text: string): Address | undefined {
  const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  // Only four decimal parts: what a resolver or a URL gives is in that form already.
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return ipaddr.IPv4.parse(bare);
  return ipaddr.IPv6.isValid(bare) && bare.includes(":") ? ipaddr.IPv6.parse(bare) : undefined;
}

/** Reads a range; `undefined` if the text is none. */
export function readRange(text: string): AddressRange | undefined {
  const address = readAddress(text);
  if (address !== undefined) return [address, address.kind() === "ipv4" ? 32 : 128];
  if (!text.includes("/") || !ipaddr.isValidCIDR(text)) return undefined;
  const range = ipaddr.parseCIDR(text);
  return readAddress(text.slice(0, text.indexOf("/"))) === undefined ? undefined : range;
}

/** Whether `address` lies in `range`; an IPv4 address is the same in its IPv4-mapped form. */
export function isWithin(address: Address, [start, bits]: AddressRange): boolean {
  const same = unmapped(address);
  return same.kind() === start.kind() && same.match(start, bits);
}

/** The one way to write an address: RFC 5952, IPv4 in IPv6 as the IPv4 address, no zone. */
export function addressText(address: Address): string {
  const same = unmapped(address);
  return isV4(same) ? same.toString() : withoutZone(same).toRFC5952String();
}

/** The address with all but its first bits 0; `bits` is a multiple of 8. */
export function networkAddress(address: Address, bits: number): Address {
  const bytes = address.toByteArray().map((byte, index) => (index < bits / 8 ? byte : 0));
  return isV4(address) ? new ipaddr.IPv4(bytes) : new ipaddr.IPv6(bytes);
}

/** Whether cloud machines ask here for their credentials, whatever form the address is written in. */
export function isMetadata(address: Address): boolean {
  return formsOf(address).some((form) => METADATA.has(form.toString()));
}

/**
 * What an address is instead of a public one, as words for an operator (`a loopback address`); `undefined` for one that
 * anybody on the internet may have. An address that stands for an IPv4 address by translation is classed as that one.
 */
export function notPublic(address: Address): string | undefined {
  const same = unmapped(address);
  if (isV4(same)) return describe(same.range());
  const translated = same.match(NAT64) ? lastV4(same) : undefined;
  if (translated !== undefined) return notPublic(translated);
  // All that is assigned for public use is in here; tunnels and what is left of older plans are not.
  return describe(same.range()) ?? (same.match(GLOBAL_UNICAST) ? undefined : "a reserved address");
}

const NAT64 = ipaddr.IPv6.parseCIDR("64:ff9b::/96");
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");

// Typed as text: the library knows more ranges than its types do.
function describe(range: string): string | undefined {
  switch (range) {
    case "unicast":
      return undefined;
    case "loopback":
      return "a loopback address";
    case "private":
    case "uniqueLocal":
    case "deprecatedSiteLocal":
      return "a private address";
    case "linkLocal":
      return "a link-local address";
    case "carrierGradeNat":
      return "an address behind a carrier's NAT";
    case "multicast":
    case "broadcast":
      return "an address of many receivers";
    case "unspecified":
      return "an unspecified address";
    case "6to4":
    case "teredo":
    case "rfc6145":
    case "rfc6052":
      return "an address that tunnels to another one";
    default:
      return "a reserved address";
  }
}

function isV4(address: Address): address is ipaddr.IPv4 {
  return address.kind() === "ipv4";
}

function unmapped(address: Address): Address {
  return !isV4(address) && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

/** The address itself, and every IPv4 address that it could lead to. */
function formsOf(address: Address): readonly Address[] {
  const same = unmapped(address);
  if (isV4(same)) return [same];
  const bytes = same.toByteArray();
  const [second = 0, third = 0] = [bytes.slice(2, 6), bytes.slice(12)].map((part) => Buffer.from(part).readUInt32BE(0));
  // In order: 6to4; NAT64, IPv4-compatible and ISATAP; Teredo, which turns every bit around.
  return [withoutZone(same), v4(second), v4(third), v4(~third >>> 0)];
}

function lastV4(address: ipaddr.IPv6): ipaddr.IPv4 {
  return new ipaddr.IPv4(address.toByteArray().slice(12));
}

function v4(value: number): ipaddr.IPv4 {
  return new ipaddr.IPv4([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);
}

function withoutZone(address: ipaddr.IPv6): ipaddr.IPv6 {
  return new ipaddr.IPv6(address.toByteArray());
}
