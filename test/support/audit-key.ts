import { ARGUMENTS_DIGEST } from "../../src/core/digest.ts";
import { createKeyedHash } from "../../src/core/keyed-hash.ts";
import { AUDIT_CHAIN } from "../../src/store/audit/audit-row.ts";

/** The secret of gateways in tests. */
export const SECRET = Buffer.alloc(32, 7);

/** Keys the chain of their audit. */
export const auditHash = createKeyedHash(SECRET, AUDIT_CHAIN);

/** Digests the arguments of their calls. */
export const digest = createKeyedHash(SECRET, ARGUMENTS_DIGEST);
