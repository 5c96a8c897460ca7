import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type Claims, startIssuer, type TestIssuer } from "../support/issuer.ts";
import { type ModernUpstream, startModernUpstream } from "../support/modern-upstream.ts";
import { callRaw, RESOURCE } from "../support/step-up-gateway.ts";

const POLICIES = `policies:
  - id: rfc
    target: { tools: ["modern/echo"] }
    then: { step_up: { acr: [mfa], max_age: 5m, challenge: rfc9470 } }
`;

/** The company's issuer, a partner's that may say how its people sign in, and one that may not. */
const WHO = ["home", "partner", "guest"] as const;
let issuers: Readonly<Record<(typeof WHO)[number], TestIssuer>>;
let gateway: TestGateway;
let upstream: ModernUpstream;

beforeAll(async () => {
  const [home, partner, guest] = await Promise.all([startIssuer(), startIssuer(), startIssuer()]);
  issuers = { home, partner, guest };
  upstream = await startModernUpstream();
  gateway = await startTestGateway(
    {
      auth: {
        jwt: [
          { issuer: home.issuer, audience: RESOURCE },
          { issuer: partner.issuer, audience: RESOURCE, may: ["call", "step_up"] },
          { issuer: guest.issuer, audience: RESOURCE, may: ["call"] },
        ],
      },
      upstreams: { modern: { url: upstream.url } },
    },
    { "p.yaml": POLICIES },
  );
}, 60_000);
afterAll(async () => {
  await gateway?.close();
  await upstream?.close();
  for (const issuer of Object.values(issuers ?? {})) await issuer.close();
});

/** What a client with such a token of Ann's gets: sent for a better one, the result, or a refusal in words. */
async function call(who: (typeof WHO)[number], claims: Claims): Promise<"sent for a token" | "served" | "refused"> {
  const seconds = Math.floor(Date.now() / 1000);
  const all = { sub: "ann", aud: RESOURCE, iat: seconds, exp: seconds + 600, client_id: "agent", ...claims };
  const authorization = `Bearer ${await issuers[who].mint(all)}`;
  const { status, headers, json } = await callRaw(gateway, { authorization }, "hello");
  if (status === 401) {
    expect(headers["www-authenticate"]).toContain(
      'error="insufficient_user_authentication", acr_values="mfa", max_age="300"',
    );
    return "sent for a token";
  }
  expect(headers["www-authenticate"]).toBeUndefined();
  if (JSON.stringify(json).includes('"isError":true')) return "refused";
  expect(json).toMatchObject({ result: { content: [{ text: "hello" }] } });
  return "served";
}

const ago = (seconds: number): number => Math.floor(Date.now() / 1000) - seconds;

/** What Ann's token says of her sign-in, and what she gets with it by whose token it is. */
const TOKENS: readonly (readonly [string, () => Claims, Readonly<Record<(typeof WHO)[number], string>>])[] = [
  ["nothing", () => ({}), { home: "sent for a token", partner: "sent for a token", guest: "refused" }],
  ["enough", () => ({ acr: "mfa", auth_time: ago(10) }), { home: "served", partner: "served", guest: "refused" }],
  [
    "too little",
    () => ({ acr: "pwd", auth_time: ago(10) }),
    { home: "sent for a token", partner: "sent for a token", guest: "refused" },
  ],
  [
    "that it is long ago",
    () => ({ acr: "mfa", auth_time: ago(400) }),
    { home: "sent for a token", partner: "sent for a token", guest: "refused" },
  ],
  [
    "enough, but somebody acts for her",
    () => ({ acr: "mfa", auth_time: ago(10), act: { sub: "bot" } }),
    { home: "refused", partner: "refused", guest: "refused" },
  ],
];

describe("with RFC 9470, a token that says of its sign-in", () => {
  it.each(
    TOKENS.flatMap(([says, claims, expected]) => WHO.map((who) => ({ says, claims, who, expected: expected[who] }))),
  )("$says, from $who: $expected", async ({ claims, who, expected }) => {
    expect(await call(who, claims())).toBe(expected);
  });

  it("counts for those of its issuer alone, however alike they are called", async () => {
    const strong = { acr: "mfa", auth_time: ago(1) };
    for (const [has, other] of [
      ["partner", "home"],
      ["home", "partner"],
    ] as const) {
      expect(await call(has, strong)).toBe("served");
      expect(await call(other, {})).toBe("sent for a token");
    }
  });
});
