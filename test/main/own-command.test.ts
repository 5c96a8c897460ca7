import { expect, it } from "vitest";
import { ownCommand } from "../../src/main/own-command.ts";

it.each([
  ["/home/ann/portcullis/src/cli.ts", "npm run portcullis --"],
  ["/home/ann/portcullis/dist/cli.js", "node dist/cli.js"],
  ["/home/ann/portcullis/node_modules/.bin/portcullis", "npx portcullis"],
  ["/home/ann/portcullis/node_modules/portcullis/dist/cli.js", "npx portcullis"],
  ["/home/ann/.npm/_npx/0a1b/node_modules/.bin/portcullis", "npx portcullis"],
  ["/usr/local/bin/portcullis", "portcullis"],
  ["/usr/lib/node_modules/portcullis/dist/cli.js", "portcullis"],
])("started from %s, a copied line begins with %s", (script, command) => {
  expect(ownCommand(script, "/home/ann/portcullis")).toBe(command);
});
