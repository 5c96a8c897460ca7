import type { Hono } from "hono";
import type { Log } from "../core/log.ts";
import type { Operations } from "../operations/operations.ts";
import type { Operator } from "../operations/operator.ts";
import type { ConsoleEnv } from "./console-env.ts";
import type { NavigationEntry, Trouble } from "./navigation.ts";

/** What the pages of an area are made of. */
export interface AreaDeps {
  readonly operations: Operations;
  /** Where clients and browsers reach the gateway. */
  readonly hosts: { readonly publicUrl: string };
  readonly log: Log;
}

/** One part of the console: an entry of the navigation and the pages behind it. */
export interface Area extends NavigationEntry {
  /** How many things wait for this operator there, for the navigation; up to 99. @throws StoreError */
  readonly waiting?: (deps: AreaDeps, operator: Operator) => Promise<number>;
  /** What is wrong there, for whoever may enter; `undefined`: nothing. Asked for on every page, so that it costs nothing. */
  readonly trouble?: (deps: AreaDeps) => Trouble | undefined;
  /** Makes its pages; `/` is `/console/<path>`. */
  create(deps: AreaDeps): Hono<ConsoleEnv>;
}

/** Whether this operator may look at the area at all. What they find there is for `operations/` to say. */
export function mayEnter(area: NavigationEntry, operator: Operator): boolean {
  return !area.admin || operator.admin;
}
