import { spawn } from "node:child_process";

/** Runs a command of the installed packages and gives what it printed; its complaints are ours. */
export function run(name, args) {
  const bin = new URL(`../node_modules/.bin/${name}`, import.meta.url).pathname;
  return new Promise((resolve, reject) => {
    const child = spawn(bin, args, { stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      out += text;
    });
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve(out) : reject(new Error(`${name} ended with ${code}: ${out}`)),
    );
  });
}
