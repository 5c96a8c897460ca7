import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { startProgram } from "./program.ts";

export const hasNginx = spawnSync("nginx", ["-v"]).status === 0;

export const hasCaddy = spawnSync("caddy", ["version"]).status === 0;

/**
 * Starts a real nginx in front of a port of this machine, with `site` as in a file of `conf.d`. It listens on
 * `port` of this machine, its TLS is left out, and 127.0.0.1:3000 becomes the gateway. Ends with the test.
 */
export async function startNginx(site: string, port: number, gatewayPort: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "portcullis-nginx-"));
  const here = site
    .replace(/listen 443 ssl;/, `listen 127.0.0.1:${port};`)
    .replaceAll(/^ *ssl_.*$/gm, "")
    .replace("127.0.0.1:3000", `127.0.0.1:${gatewayPort}`);
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${dir}/${name};`);
  const config = `daemon off; master_process off; pid ${dir}/pid; error_log stderr notice; events {}
http { access_log off; ${paths.join(" ")}\n${here}\n}\n`;
  const file = join(dir, "nginx.conf");
  writeFileSync(file, config);
  const nginx = await startProgram({
    name: "nginx",
    command: "nginx",
    args: ["-p", dir, "-e", "stderr", "-c", file],
    ready: /start worker process|using the/,
  });
  onTestFinished(async () => {
    await nginx.stop();
    rmSync(dir, { recursive: true, force: true });
  });
}

/** The same for Caddy, with `site` as in a Caddyfile. */
export async function startCaddy(site: string, port: number, gatewayPort: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "portcullis-caddy-"));
  const here = site
    .replace(/^mcp\.acme\.com \{$/m, `http://127.0.0.1:${port} {`)
    .replace("reverse_proxy 127.0.0.1:3000", `reverse_proxy 127.0.0.1:${gatewayPort}`);
  const file = join(dir, "Caddyfile");
  writeFileSync(file, `{\n\tadmin off\n}\n${here}`);
  const caddy = await startProgram({
    name: "Caddy",
    command: "caddy",
    args: ["run", "--config", file, "--adapter", "caddyfile"],
    env: { HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir },
    ready: /serving initial configuration/,
  });
  onTestFinished(async () => {
    await caddy.stop();
    rmSync(dir, { recursive: true, force: true });
  });
}
