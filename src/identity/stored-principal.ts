import { z } from "zod";
import { isObject, type JsonObject } from "../core/json.ts";
import { PERMISSIONS, type Principal, UNREAD } from "../core/principal.ts";

const texts = z.array(z.string());
const optional = z.string().optional();

// What was not known of a principal when it was written is nothing that could let anybody in.
const schema = z.object({
  issuer: z.string(),
  subject: z.string(),
  kind: z.enum(["person", "machine", "anonymous"]),
  machineByName: z.boolean().optional(),
  clientId: optional,
  email: optional,
  name: optional,
  roles: texts,
  groups: texts,
  unread: z.array(z.enum(UNREAD)).optional(),
  otherClients: texts.optional(),
  scopes: texts,
  claims: z.custom<JsonObject>(isObject),
  acr: optional,
  amr: texts,
  authTime: z.number().optional(),
  may: z.array(z.enum(PERMISSIONS)).default([]),
  home: z.boolean().default(false),
  userClaims: texts.default([]),
  aliases: texts.default([]),
  actors: z.array(z.object({ issuer: z.string(), subject: z.string(), names: texts })).default([]),
  person: optional,
});

/**
 * A principal that was written down as JSON, read back; `undefined` if this is none. It says what was so then: what counts
 * of it now, `principal-now.ts` knows.
 */
export function readPrincipal(value: unknown): Principal | undefined {
  const parsed = schema.safeParse(value);
  if (!parsed.success) return undefined;
  const { clientId, email, name, acr, authTime, person } = parsed.data;
  return { ...parsed.data, clientId, email, name, acr, authTime, person };
}
