import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { connectSdk1 } from "../test/support/clients.ts";
import { startDemo } from "../test/support/demo.ts";

/** Pictures of the console for people to look at: every page of the demo, wide and narrow, light and dark. */
const PAGES: Readonly<Record<string, string>> = {
  approvals: "/console/approvals",
  activity: "/console/activity",
  figures: "/console/activity/figures",
  policies: "/console/policies",
  try: "/console/policies/try?tool=crm%2Fget_customer",
  tools: "/console/tools",
  tool: "/console/tools/crm/get_customer",
  upstreams: "/console/upstreams",
  upstream: "/console/upstreams/crm",
  register: "/console/upstreams/_register",
  sessions: "/console/sessions",
  you: "/console/you",
};

/** Pages of one thing each: where they are linked, and the first link to one. */
const LINKED: Readonly<Record<string, readonly [path: string, link: string]>> = {
  approval: ["/console/approvals", "main a[href^='/console/approvals/']"],
  call: ["/console/activity", "main a[href^='/console/activity/']:not([href$='figures'])"],
  policy: ["/console/policies", "main a[href='/console/policies/delete-customer']"],
  session: ["/console/sessions", "main a[href^='/console/sessions/']"],
};

const CALLS = [
  ["crm__get_customer", { customer_id: "c-1001" }],
  ["expenses__create_expense", { amount: 40, currency: "EUR", purpose: "Lunch" }],
  ["expenses__create_expense", { amount: 12_000, currency: "EUR", purpose: "A server" }],
] as const;

const folder = process.argv[2];
if (folder === undefined) {
  console.error("Which folder? npm run screenshots -- FOLDER");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });

const demo = await startDemo();
try {
  const keys: { readonly carla: string; readonly sam: string } = JSON.parse(
    readFileSync(join(demo.data, "demo-keys.json"), "utf8"),
  );
  const mcp = demo.printed(/http:\S+\/mcp(?= )/g);
  const client = await connectSdk1(mcp, { authorization: `Bearer ${keys.sam}` });
  // What a policy holds back is as good a picture as what it lets through.
  await Promise.allSettled(CALLS.map(([tool, args]) => client.call(tool, args)));
  // It waits for somebody to approve it, longer than the pictures take.
  const waiting = client.call("crm__delete_customer", { customer_id: "c-1002" }).catch(() => undefined);
  const browser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
  });
  for (const phone of [false, true]) {
    for (const dark of [false, true]) await picture(browser, new URL(mcp).origin, keys.carla, { phone, dark });
  }
  await browser.close();
  await client.close();
  await waiting;
} finally {
  await demo.stop();
}

async function picture(
  browser: Browser,
  origin: string,
  key: string,
  look: { readonly phone: boolean; readonly dark: boolean },
): Promise<void> {
  const context = await browser.newContext({
    viewport: look.phone ? { width: 390, height: 844 } : { width: 1280, height: 800 },
    colorScheme: look.dark ? "dark" : "light",
  });
  const page: Page = await context.newPage();
  const shoot = (name: string) => {
    const file = `${name}-${look.phone ? "phone" : "desktop"}-${look.dark ? "dark" : "light"}.png`;
    return page.screenshot({ path: join(folder ?? ".", file), fullPage: true });
  };
  await page.goto(`${origin}/console/sign-in`);
  await shoot("sign-in");
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
  for (const [name, path] of Object.entries(PAGES)) {
    await page.goto(`${origin}${path}`);
    await shoot(name);
  }
  for (const [name, [path, link]] of Object.entries(LINKED)) {
    await page.goto(`${origin}${path}`);
    const href = await page.locator(link).first().getAttribute("href");
    await page.goto(new URL(href ?? "", page.url()).href);
    await shoot(name);
  }
  await context.close();
}
