import { ERRORS } from "../core/errors.ts";
import { createBasic } from "./basic.ts";
import type { Challenges } from "./challenge.ts";
import type { CredentialRequest, Identified, Identity } from "./identity.ts";
import type { BasicOptions } from "./options.ts";
import { isBasic } from "./passwords/basic-header.ts";

/** What else it needs. */
interface Deps extends Pick<Parameters<typeof createBasic>[0], "now" | "attempts" | "accept" | "reject"> {
  readonly challenges: Pick<Challenges, "withBasic">;
}

/**
 * The same identity for those who come with a password, too, at the endpoint of MCP. Whom it refuses for want of a good credential
 * hears that a password would do. `users`: as the file has them by now.
 */
export function offerPasswords(identity: Identity, users: () => BasicOptions | undefined, deps: Deps): Identity {
  const identifyBasic = createBasic(deps);
  return { ...identity, identify };

  function identify(request: CredentialRequest): Identified | Promise<Identified> {
    const options = request.api === true ? undefined : users();
    if (options === undefined) return identity.identify(request);
    const { authorization, apiKey, path, remoteAddress } = request;
    const answer =
      authorization !== undefined && apiKey === undefined && isBasic(authorization)
        ? identifyBasic({ authorization, path, remoteAddress }, options)
        : identity.identify(request);
    return answer instanceof Promise ? answer.then((it) => offering(it, options)) : offering(answer, options);
  }

  function offering(identified: Identified, { realm }: BasicOptions): Identified {
    if (identified.ok || ERRORS[identified.refusal.code].status !== 401) return identified;
    const { "WWW-Authenticate": bearer, ...headers } = identified.headers;
    if (bearer === undefined) return identified;
    return { ...identified, headers: { ...headers, "WWW-Authenticate": deps.challenges.withBasic(bearer, realm) } };
  }
}
