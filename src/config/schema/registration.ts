import { isIP } from "node:net";
import { z } from "zod";

const MAX_BITS: Readonly<Record<number, number>> = { 4: 32, 6: 128 };

const place = z.string().refine((value) => isRange(value) || isHostName(value), {
  error: "Write a range (10.0.0.0/8), an address, or a host name without scheme and port.",
});

/** `registration:`, what upstreams may be that administrators add while the gateway runs. */
export const registrationSchema = z.strictObject({
  addresses: z
    .array(place)
    .default([])
    .describe(
      "Where they may be besides public addresses: ranges (10.0.0.0/8), addresses, host names. Never at cloud metadata services.",
    ),
  commands: z
    .boolean()
    .default(false)
    .describe("Whether they may be programs, which the gateway then starts. Whoever may add one may run anything."),
});

function isRange(value: string): boolean {
  const [, address = "", bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(value) ?? [];
  const max = MAX_BITS[isIP(address)];
  return max !== undefined && (bits === undefined || Number(bits) <= max);
}

// Names that end in a number are addresses in a form that few expect: 127.1 is 127.0.0.1.
function isHostName(value: string): boolean {
  return /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*(?=.*[a-z])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.?$/i.test(value);
}
