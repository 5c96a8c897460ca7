/** Run by `node`: the modern test server over stdio. */
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { createModernServer } from "../modern-tools.ts";

serveStdio(() => createModernServer(), { legacy: "reject" });
