import { appendFileSync } from "node:fs";
import { register } from "node:module";
import { isMainThread } from "node:worker_threads";

// `--import` it: the URL of every module that a program loads is written into the file named by MODULES_LIST. In the
// program this registers the file itself, whose `load` then runs in the thread of hooks.
if (isMainThread) register(import.meta.url);

export function load(url, context, next) {
  appendFileSync(process.env.MODULES_LIST, `${url}\n`);
  return next(url, context);
}
