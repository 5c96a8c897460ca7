import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ApprovalRequest } from "../../src/core/approval.ts";
import { type ConsoleUser, csrfTokenIn, postForm, sessionCookie } from "../support/console.ts";
import { type ApprovalConsole, startApprovalConsole } from "../support/console-approvals.ts";

let console: ApprovalConsole;
let count = 0;
const cookies = new Map<ConsoleUser, string>();

beforeAll(async () => {
  console = await startApprovalConsole();
  for (const user of ["ann", "sam", "dana", "cleo", "carla", "eve"] as const) {
    cookies.set(user, await sessionCookie(console.gateway, user));
  }
}, 60_000);
afterAll(() => console.close());

const approvals = () => console.gateway.running.wired.approvals;
const pathOf = ({ id }: { readonly id: string }) => `/console/approvals/${id}`;

function ask(given: Parameters<ApprovalConsole["ask"]>[0] = {}): Promise<ApprovalRequest> {
  count += 1;
  return console.ask({ by: count % 2 === 0 ? "ann" : "eve", ...given, arguments: { count } });
}

async function get(user: ConsoleUser, path: string): Promise<Response> {
  return fetch(`${console.gateway.url}${path}`, {
    redirect: "manual",
    headers: { Cookie: cookies.get(user) ?? "" },
  });
}

/** The token of the user's session, from a page that has a form for everybody: that of the sign-out. */
async function tokenOf(user: ConsoleUser): Promise<string> {
  return csrfTokenIn(await (await get(user, "/console/you")).text());
}

async function decide(
  user: ConsoleUser,
  request: ApprovalRequest,
  changes: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const fields = {
    csrf_token: await tokenOf(user),
    decision: "approve",
    version: String(request.version),
    digest: request.argumentsDigest,
    seen: "1",
    ...changes,
  };
  return postForm(console.gateway, `${pathOf(request)}/decision`, fields, {
    Cookie: cookies.get(user) ?? "",
    ...headers,
  });
}

describe("a decision by form", () => {
  it("counts, with its channel and address", async () => {
    const request = await ask();
    const answer = await decide("sam", request);
    expect([answer.status, answer.headers.get("location")]).toEqual([303, `${pathOf(request)}?done=approved`]);
    expect((await approvals().get(request.id))?.decisions).toMatchObject([{ channel: "console", decision: "approve" }]);
  });

  it.each<
    [
      what: string,
      user: ConsoleUser,
      changes: Record<string, string>,
      headers: Record<string, string>,
      status: number,
      says: string,
    ]
  >([
    ["from another site", "sam", {}, { Origin: "https://evil.example" }, 403, "This button was pressed elsewhere"],
    ["from nowhere", "sam", {}, { Origin: "null" }, 403, "This button was pressed elsewhere"],
    ["without the token", "sam", { csrf_token: "" }, {}, 403, "This page was out of date"],
    ["with somebody else's token", "sam", { csrf_token: "0".repeat(64) }, {}, 403, "This page was out of date"],
    ["about another version", "sam", { version: "7" }, {}, 409, "has changed since you saw it"],
    ["about no version", "sam", { version: "" }, {}, 409, "has changed since you saw it"],
    ["about other arguments", "sam", { digest: "0".repeat(64) }, {}, 409, "are not those that would run"],
    ["without the reason that it needs", "sam", { decision: "reject" }, {}, 400, "This decision needs a reason."],
    ["with a reason of blanks", "sam", { decision: "reject", reason: "  " }, {}, 400, "This decision needs a reason."],
    ["of an administrator", "carla", {}, {}, 403, "You may not decide this stage"],
    ["of somebody without a part in it", "cleo", {}, {}, 404, "There is nothing here"],
    ["that is none", "sam", { decision: "perhaps" }, {}, 404, "There is nothing here"],
  ])("is refused %s", async (_, user, changes, headers, status, says) => {
    const request = await ask();
    const answer = await decide(user, request, changes, headers);
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain(says);
    expect(await approvals().get(request.id)).toMatchObject({ state: "pending", decisions: [] });
  });

  it("is refused to who asked", async () => {
    const request = await ask({ by: "sam" });
    const answer = await decide("sam", request);
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining("Nobody decides on their own")]);
  });

  it("is refused a second time, and once others have ended it", async () => {
    const pair = await ask({ flow: "pair" });
    await decide("sam", pair);
    const now = await approvals().get(pair.id);
    expect((await decide("sam", now ?? pair)).status).toBe(409);
    await decide("dana", now ?? pair, { decision: "reject", reason: "No." });
    const late = await decide("dana", now ?? pair);
    expect(late.status).toBe(409);
    expect(await late.text()).toContain("Since you looked");
  });

  it("does not take back or close what is somebody else's to", async () => {
    const request = await ask({ by: "ann" });
    const post = async (user: ConsoleUser, act: string) =>
      postForm(
        console.gateway,
        `${pathOf(request)}/${act}`,
        { csrf_token: await tokenOf(user), outcome: "succeeded", reason: "So it is." },
        { Cookie: cookies.get(user) ?? "" },
      );
    expect((await post("sam", "cancel")).status).toBe(404);
    expect((await post("sam", "resolve")).status).toBe(403);
    expect((await post("carla", "resolve")).status).toBe(409);
    expect((await post("cleo", "cancel")).status).toBe(404);
    expect((await approvals().get(request.id))?.state).toBe("pending");
  });
});

describe("who sees a request", () => {
  it.each<[user: ConsoleUser, what: string, sees: boolean, whole: boolean]>([
    ["ann", "who asked", true, true],
    ["sam", "an approver", true, true],
    ["carla", "an administrator", true, false],
    ["eve", "somebody else", false, false],
  ])("%s, %s: %s, arguments to the letter: %s", async (user, _, sees, whole) => {
    const request = await ask({ by: "ann", message: "Secret: tangerine." });
    const answer = await get(user, pathOf(request));
    expect(answer.status).toBe(sees ? 200 : 404);
    expect((await answer.text()).includes("tangerine")).toBe(whole);
    expect((await get(user, `${pathOf(request)}/arguments`)).status).toBe(whole ? 200 : 404);
    expect((await (await get(user, "/console/approvals?show=all")).text()).includes(request.id)).toBe(sees);
  });

  it("gets one page for what is not theirs and what never was", async () => {
    const hidden = await (await get("eve", pathOf(await ask({ by: "ann" })))).text();
    const unknown = await (await get("eve", "/console/approvals/apr_0000000000000000000000")).text();
    expect(hidden).toBe(unknown);
  });
});

it("no link changes anything", async () => {
  const request = await ask();
  for (const act of ["", "/decision?decision=approve", "/cancel", "/resolve?outcome=failed", "?done=approved"]) {
    await get("sam", `${pathOf(request)}${act}`);
  }
  expect(await approvals().get(request.id)).toEqual(request);
});

it("a link cannot make a page say what did not happen in words of its own", async () => {
  const request = await ask();
  const text = await (await get("sam", `${pathOf(request)}?done=%3Cb%3Eowned&done=__proto__`)).text();
  expect(text).not.toContain("owned");
});

it("the file of arguments is JSON in ASCII, and no page", async () => {
  const request = await console.ask({ by: "ann", arguments: { file: "\u202e<script>é" } });
  const answer = await get("sam", `${pathOf(request)}/arguments`);
  expect(answer.headers.get("content-disposition")).toContain("attachment");
  expect(answer.headers.get("content-type")).toContain("application/json");
  const text = await answer.text();
  expect(text).toMatch(/^[\x20-\x7e\n]*$/);
  expect(JSON.parse(text)).toEqual({ file: "\u202e<script>é" });
});
