// The conformance suite imports `globSync` of `node:fs`, which Node has only since version 22. Nothing that runs here
// calls it (it serves the suite's own repository reports), but the missing export stops the program from loading.
// Use: node --import ./test/conformance/node20-shim.mjs …/conformance/dist/index.js
import fs from "node:fs";
import { register } from "node:module";
import { isMainThread } from "node:worker_threads";

const SHIM = "portcullis:fs";

export function resolve(specifier, context, next) {
  if ((specifier === "fs" || specifier === "node:fs") && context.parentURL?.includes("/conformance/dist/")) {
    return { url: SHIM, shortCircuit: true };
  }
  return next(specifier, context);
}

export function load(url, context, next) {
  if (url !== SHIM) return next(url, context);
  const source = `
    export * from "node:fs";
    export { default } from "node:fs";
    export function globSync() { throw new Error("fs.globSync is not available in this version of Node"); }
  `;
  return { format: "module", source, shortCircuit: true };
}

// The hooks run in a thread of their own, which loads this file again: only the program's thread registers them.
if (isMainThread && !("globSync" in fs)) register(import.meta.url);
