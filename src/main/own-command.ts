import { relative, sep } from "node:path";

/**
 * How this program was started, for lines that people copy: `portcullis`, `npx portcullis` where the package is installed in the
 * folder, `npm run portcullis --` in a checkout. `script`: the file that runs, `folder`: where it was started.
 */
export function ownCommand(script: string, folder: string): string {
  const path = relative(folder, script).split(sep).join("/");
  if (path === "src/cli.ts") return "npm run portcullis --";
  if (path === "dist/cli.js") return "node dist/cli.js";
  // Not installed anywhere: npx keeps what it fetches in a folder of its own.
  if (script.split(sep).includes("_npx")) return "npx portcullis";
  return /^node_modules\/(portcullis\/|\.bin\/)/.test(path) ? "npx portcullis" : "portcullis";
}
