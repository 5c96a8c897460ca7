import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Hono } from "hono";
import { sha256 } from "../core/digest.ts";

/** Where pages find a file of `assets/`: its URL changes with its content. @throws Error for a file that there is not */
export type AssetUrls = (name: string) => string;

/** The console's own styles and scripts. */
export interface Assets {
  readonly url: AssetUrls;
  /** Serves them, to be mounted at the root. */
  readonly app: Hono;
}

/** The parts of the console's own style sheet, in the order of the cascade: what is special comes after what is common. */
const STYLES = [
  "base",
  "frame",
  "words",
  "tables",
  "forms",
  "servers",
  "values",
  "approvals",
  "phone",
  "paper",
  "policies",
  "trial",
  "activity",
];

/** Every file of one piece that pages use, and where it lies. */
const FILES: Readonly<Record<string, string>> = {
  "keys.js": own("keys.js"),
  "live.js": own("live.js"),
  "charts.js": own("charts.js"),
  "newer.js": own("newer.js"),
  "uplot.css": fileURLToPath(import.meta.resolve("uplot/dist/uPlot.min.css")),
  "uplot.js": fileURLToPath(import.meta.resolve("uplot/dist/uPlot.iife.min.js")),
};

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/**
 * Reads the assets once. Their URLs hold a hash of what they serve, so that browsers may keep them for a year and never
 * show yesterday's. They hold no secrets, and need no sign-in. @throws Error when a file of the package is missing
 */
export function loadAssets(): Assets {
  const served = new Map<string, { readonly body: Uint8Array<ArrayBuffer>; readonly type: string }>();
  const urls = new Map<string, string>();
  const files = Object.entries(FILES).map(([name, path]) => [name, readFileSync(path)] as const);
  for (const [name, content] of [["console.css", Buffer.from(consoleStyles())] as const, ...files]) {
    const body = Uint8Array.from(content);
    const dot = name.lastIndexOf(".");
    const extension = name.slice(dot + 1);
    const file = `${name.slice(0, dot)}.${sha256(body).slice(0, 16)}.${extension}`;
    served.set(file, { body, type: TYPES[extension] ?? "application/octet-stream" });
    urls.set(name, `/console/assets/${file}`);
  }
  const app = new Hono();
  app.get("/console/assets/:file", (c) => {
    const asset = served.get(c.req.param("file"));
    if (asset === undefined) return c.text("Nothing is served here.", 404);
    return c.body(asset.body, 200, {
      "Content-Type": asset.type,
      "Cache-Control": "public, max-age=31536000, immutable",
    });
  });
  return {
    app,
    url(name) {
      const url = urls.get(name);
      if (url === undefined) throw new Error(`There is no asset ${name}.`);
      return url;
    },
  };
}

/** The console's own style sheet. */
export function consoleStyles(): string {
  return STYLES.map((part) => readFileSync(own(`styles/${part}.css`), "utf8")).join("\n");
}

/** Beside this file, in `src/` and in `dist/` alike. */
function own(name: string): string {
  return fileURLToPath(new URL(`./assets/${name}`, import.meta.url));
}
