import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { Banner } from "../components/banner.tsx";
import { Button } from "../components/button.tsx";
import { CodeBlock } from "../components/code-block.tsx";
import { TextField } from "../components/fields.tsx";
import type { ConsoleEnv } from "../console-env.ts";
import { plainPage } from "../layout.tsx";

const PROBLEMS = {
  unknown_key: {
    status: 401,
    text: "This key is not known. Look whether it is whole, and whether it is still in the configuration.",
  },
  machine: {
    status: 403,
    text: "This key belongs to a machine: in the configuration it has no user, or kind: machine. Only people use the console.",
  },
  too_many: {
    status: 429,
    text: "Too many sign-ins with a key like this one have failed. Wait a minute, then try again.",
  },
} as const satisfies Record<string, { readonly status: ContentfulStatusCode; readonly text: string }>;

/** Why somebody is not signed in. */
export type SignInProblem = keyof typeof PROBLEMS;

const NO_WAY = `auth:
  api_keys:
    - { name: my-laptop, hash: "sha256:…", user: me@example.com, kind: person, roles: [platform-admin] }
  admin: { roles: [platform-admin] }`;

/** The sign-in, with the ways that the configuration has. */
export function signInPage(
  c: Context<ConsoleEnv>,
  options: {
    readonly to: string;
    /** Host of the identity provider, where people can sign in there. */
    readonly provider: string | undefined;
    readonly withKey: boolean;
    readonly problem: SignInProblem | undefined;
    readonly signedOut: boolean;
  },
): Response | Promise<Response> {
  const { to, provider, withKey, signedOut } = options;
  const problem = options.problem === undefined ? undefined : PROBLEMS[options.problem];
  return plainPage(
    c,
    { title: "Sign in", status: problem?.status ?? 200 },
    <>
      {problem === undefined ? null : <Banner tone="bad">{problem.text}</Banner>}
      {signedOut && problem === undefined ? <Banner tone="good">You are signed out.</Banner> : null}
      {provider === undefined ? null : (
        <form method="post" action="/console/sign-in/start">
          <input type="hidden" name="to" value={to} />
          <Button>Sign in at {provider}</Button>
        </form>
      )}
      {provider !== undefined && withKey ? <p class="or">or with a key</p> : null}
      {withKey ? (
        <form method="post" action="/console/sign-in">
          <input type="hidden" name="to" value={to} />
          <TextField
            label="API key"
            name="key"
            type="password"
            required
            autocomplete="current-password"
            hint="A key of your own, of kind person. It begins with pk_."
          />
          <Button tone={provider === undefined ? "main" : "plain"}>Sign in</Button>
        </form>
      ) : provider !== undefined ? null : (
        <>
          <p>Nobody can sign in yet: the configuration names no person. Make a key with</p>
          <CodeBlock label="Command" text="portcullis keys create my-laptop" />
          <p>and add what it prints, with a user, to the configuration:</p>
          <CodeBlock label="Lines of the configuration" text={NO_WAY} />
        </>
      )}
    </>,
  );
}
