/* Prints the digest of the key beside the database that is its argument. */
import { sha256 } from "../../../src/core/digest.ts";
import { loadSecretKey } from "../../../src/store/secret-key.ts";

process.stdout.write(`${sha256(loadSecretKey({ configured: undefined, beside: process.argv[2] ?? "" }))}\n`);
