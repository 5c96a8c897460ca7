import type { EraMemory } from "../era-memory.ts";
import type { UpstreamOptions } from "../upstream.ts";
import type { UpstreamRoute } from "./connector.ts";

export interface RouteMemoryDeps {
  readonly options: UpstreamOptions;
  /** What earlier starts of the gateway learned. */
  readonly eras: EraMemory | undefined;
  /** As `Upstream.address`. */
  readonly place: string;
  readonly now: () => number;
  /** How long a route holds, in ms. */
  readonly ttlMs: number;
}

/** How an upstream was reached last, which is tried first the next time; until it is doubted or old. */
export class RouteMemory {
  readonly #deps: RouteMemoryDeps;
  #route: UpstreamRoute | undefined;
  /** Also when it is forgotten. */
  #reached: UpstreamRoute | undefined;
  #learnedAt = 0;
  /** What earlier starts learned may be what makes it fail. */
  #doubted = false;

  constructor(deps: RouteMemoryDeps) {
    this.#deps = deps;
  }

  /** How long ago it was found out, in ms. */
  get age(): number {
    return this.#deps.now() - this.#learnedAt;
  }

  get isOld(): boolean {
    return this.age >= this.#deps.ttlMs;
  }

  /** The route to try, if one is known. */
  toTry(): UpstreamRoute | undefined {
    return this.isOld ? this.#recalled() : this.#route;
  }

  /** It was reached; whether it had been reached in another way before. */
  learned(route: UpstreamRoute): boolean {
    const { options, eras, place, now } = this.#deps;
    if (isRemembered(options)) eras?.learned(options.name, place, route.era);
    const before = this.#reached;
    this.#route = this.#reached = route;
    this.#learnedAt = now();
    this.#doubted = false;
    return before !== undefined && (before.era !== route.era || before.transport !== route.transport);
  }

  /** It was not reached. What is known of it stays, but what earlier starts learned is no longer believed. */
  doubt(): void {
    this.#doubted = true;
  }

  /** What was known of it may be what makes it fail. */
  forget(): void {
    this.#route = undefined;
    this.#doubted = true;
  }

  #recalled(): UpstreamRoute | undefined {
    const { options, eras, place } = this.#deps;
    if (!isRemembered(options) || this.#doubted) return undefined;
    const era = eras?.recall(options.name, place);
    return era === undefined ? undefined : { transport: "stdio", era };
  }
}

/** Only programs would be started twice to find out; what one answers is held against what is remembered. */
function isRemembered({ transport, era }: UpstreamOptions): boolean {
  return transport.kind === "stdio" && era === "auto";
}
