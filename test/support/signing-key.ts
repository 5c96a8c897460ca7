import { exportJWK, generateKeyPair, type JWK } from "jose";

let made: Promise<JWK> | undefined;

/**
 * The private key that the identity providers of tests sign with, RS256 as `first`: one for all of a process, since making one takes
 * longer than most tests. What needs two that differ makes its own.
 */
export function signingKey(): Promise<JWK> {
  made ??= make();
  return made;
}

async function make(): Promise<JWK> {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: "RS256", use: "sig", kid: "first" };
}
