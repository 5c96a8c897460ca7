import type { IncomingMessage } from "node:http";
import type { Operator } from "../operations/operator.ts";
import type { AssetUrls } from "./assets.ts";
import type { NavigationEntry, Trouble } from "./navigation.ts";
import type { ConsoleForm } from "./read-form.ts";

/** What a page of the console finds in its context once somebody is signed in; served by `@hono/node-server`. */
export interface ConsoleEnv {
  readonly Bindings: { readonly incoming: IncomingMessage };
  readonly Variables: {
    /** Who looks, and whether they administer the gateway. Absent on the pages of the sign-in. */
    operator: Operator;
    /** What every form has to send back, in `csrf_token`. See `CsrfField`. */
    csrfToken: string;
    /** The fields of a POST, read and checked. Absent on a GET. */
    form: ConsoleForm;
    /** What this operator finds in the navigation; `undefined`: nobody is signed in, or nobody has looked yet. */
    areas: readonly NavigationEntry[] | undefined;
    /** How many things wait for them, by the path of the area. On pages that are looked at. */
    waiting: ReadonlyMap<string, number> | undefined;
    /** What is wrong in the areas that they may enter, by the path of the area. */
    troubles: ReadonlyMap<string, Trouble> | undefined;
    assets: AssetUrls;
    /** Where the request comes from; see `ClientAddress`. */
    ip: string;
    /** ms since the epoch, once per request: everything on one page is as old as the page. */
    at: number;
  };
}
