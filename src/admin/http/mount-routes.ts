import type { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import { refuse } from "../../core/errors.ts";
import type { ApiEnv } from "../api-env.ts";
import { describe } from "./describe-route.ts";
import { problemResponse } from "./problem.ts";
import type { Route } from "./route.ts";

/** Where the API begins. */
export const API_BASE = "/api/v1";

/** Adds the routes to the API, each with its description; other methods of their paths are answered 405. */
export function mountRoutes(app: Hono<ApiEnv>, routes: readonly Route[]): void {
  const methods = new Map<string, string[]>();
  for (const route of routes) {
    const path = `${API_BASE}${route.path}`;
    app.on(route.method, path, describeRoute(describe(route)), (c) => route.serve(c));
    methods.set(path, [...(methods.get(path) ?? []), route.method === "GET" ? "GET, HEAD" : route.method]);
  }
  for (const [path, allowed] of methods) {
    app.all(path, () => problemResponse({ ...refuse("HTTP_METHOD_UNKNOWN"), headers: { Allow: allowed.join(", ") } }));
  }
}
