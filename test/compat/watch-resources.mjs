/** Loaded before the gateway: on SIGUSR2 it writes how many timers there are into the file that RESOURCES_FILE names. */
import { createHook } from "node:async_hooks";
import { writeFileSync } from "node:fs";

const timers = new Set();
createHook({
  init(id, type) {
    if (type === "Timeout") timers.add(id);
  },
  destroy(id) {
    timers.delete(id);
  },
}).enable();

process.on("SIGUSR2", () => writeFileSync(process.env.RESOURCES_FILE ?? "", JSON.stringify({ timers: timers.size })));
