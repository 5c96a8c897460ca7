import { Session } from "node:inspector/promises";

/** A function of the source, as documents name it: `gateway/steps/execute.ts:decide`. */
export type FunctionName = `${string}.ts:${string}`;

/** Notes which functions are entered. */
export interface Entered {
  /** Runs `work`, and says which were entered meanwhile, in the order of their first time. */
  during(work: () => Promise<unknown>): Promise<readonly FunctionName[]>;
  close(): void;
}

/**
 * Sets break points on functions whose condition notes the name and is false, so that nothing stops, and no code has to be
 * written for it. It may take seconds: connections that are idle meanwhile can be gone afterwards.
 * @throws Error for a function that the loaded code does not declare, or declares twice
 */
export async function noteEntered(names: readonly FunctionName[]): Promise<Entered> {
  const seen = new Set<FunctionName>();
  const note = `entered_${process.pid}`;
  Reflect.set(globalThis, note, (name: FunctionName) => void seen.add(name));
  const session = new Session();
  session.connect();
  const close = (): void => {
    session.disconnect();
    Reflect.deleteProperty(globalThis, note);
  };
  try {
    const scripts: Array<{ readonly id: string; readonly url: string }> = [];
    session.on("Debugger.scriptParsed", ({ params: { scriptId, url } }) => scripts.push({ id: scriptId, url }));
    await session.post("Debugger.enable");
    for (const name of new Set(names)) {
      const [file = "", declared = ""] = name.split(":");
      const loaded = scripts.filter(({ url }) => url.endsWith(`/src/${file}`));
      if (loaded.length === 0) throw new Error(`src/${file} is not loaded.`);
      for (const { id } of loaded) {
        const { scriptSource } = await session.post("Debugger.getScriptSource", { scriptId: id });
        const start = { scriptId: id, ...bodyOf(declared, scriptSource, file) };
        const { locations } = await session.post("Debugger.getPossibleBreakpoints", { start });
        const [location] = locations;
        if (location === undefined) throw new Error(`${name} does nothing.`);
        const condition = `(${note}(${JSON.stringify(name)}), false)`;
        await session.post("Debugger.setBreakpoint", { location, condition });
      }
    }
  } catch (err) {
    close();
    throw err;
  }
  return {
    async during(work) {
      seen.clear();
      await work();
      return [...seen];
    },
    close,
  };
}

/** Where the one function or method of that name begins in the text. */
function bodyOf(
  name: string,
  text: string,
  file: string,
): { readonly lineNumber: number; readonly columnNumber: number } {
  const declaration = String.raw`^\s*(?:export\s+|async\s+|function\s+)*${name}\((?=[^()]*\)\s*\{)`;
  const [found, another] = [...text.matchAll(new RegExp(declaration, "gm"))];
  if (found === undefined || another !== undefined) {
    throw new Error(`${name} stands ${found === undefined ? "nowhere" : "twice"} in src/${file}.`);
  }
  const before = text.slice(0, found.index + found[0].length).split("\n");
  return { lineNumber: before.length - 1, columnNumber: before.at(-1)?.length ?? 0 };
}
