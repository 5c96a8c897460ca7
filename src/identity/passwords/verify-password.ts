import { timingSafeEqual } from "node:crypto";
import { verify as verifyArgon2 } from "@node-rs/argon2";
import md5 from "apache-md5";
import { compare as compareBcrypt } from "bcrypt";

// Its types say that it is a member of what it is.
const apr1 = md5 as unknown as (password: string, salt: string) => string;

/** bcrypt looks at so many bytes, and takes whatever begins alike for the same. */
const BCRYPT_BYTES = 72;

/**
 * Whether a password is that of a hash out of `readHtpasswd`. bcrypt and argon2 work in threads of their own libraries; apr1
 * takes a few milliseconds here. What cannot be verified is not the password. @throws never
 */
export async function verifyPassword(hash: string, password: string): Promise<boolean> {
  try {
    if (hash.startsWith("$2")) {
      // Worked out in any case, so that how long it takes says nothing.
      // The library knows 2y by the name of 2b, which it is.
      const matches = await compareBcrypt(password, hash.replace(/^\$2y\$/, "$2b$"));
      return matches && Buffer.byteLength(password) <= BCRYPT_BYTES;
    }
    if (hash.startsWith("$argon2")) return await verifyArgon2(hash, password);
    // The library takes one character for one byte.
    const made = Buffer.from(apr1(Buffer.from(password, "utf8").toString("latin1"), hash));
    const known = Buffer.from(hash);
    return made.length === known.length && timingSafeEqual(made, known);
  } catch {
    return false;
  }
}
