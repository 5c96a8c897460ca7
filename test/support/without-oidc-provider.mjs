// Loaded with --import: makes the package oidc-provider one that is not installed.
import { register } from "node:module";

const hooks = `export async function resolve(specifier, context, next) {
  if (specifier !== "oidc-provider") return next(specifier, context);
  throw Object.assign(new Error("Cannot find package 'oidc-provider'"), { code: "ERR_MODULE_NOT_FOUND" });
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
