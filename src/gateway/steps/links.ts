import type { Catalog } from "../../catalog/catalog.ts";
import { type WriteUri, writeLinks } from "../../catalog/uris/link-places.ts";
import { markFor } from "../../catalog/uris/server-mark.ts";
import type { UriTarget } from "../../catalog/view.ts";
import type { RpcError } from "../../core/call.ts";
import { type Refusal, refuse } from "../../core/errors.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import type { RawJson } from "../../core/raw-json.ts";
import type { Scope } from "../../core/scope.ts";
import { SharedMemory } from "../../core/shared-memory.ts";
import { writeResultLinks } from "./result-links.ts";

/** Longest URI that is remembered, in characters, and how many of one answer. */
const MAX_URI = 8 * 1024;
const MAX_OF_ONE = 1_000;

/** Who gets something from a server, and where. `holder`: their `principalKey`. */
export interface Receiver {
  readonly scope: Scope;
  readonly holder: string;
}

/** A URI that a client has asked for, and what the server was asked for. */
export interface RequestedUri {
  readonly shown: string;
  readonly sent: string;
}

/** What a server says, as its client gets it. */
export interface ShownLinks {
  result(result: RawJson): RawJson;
  params(params: JsonObject): JsonObject;
  error(error: RpcError): RpcError;
}

/**
 * Keeps what servers and clients say of resources apart at endpoints of several servers: URIs go out in a form that leads
 * back to the server that they came from, and come in again by it.
 */
export interface Links {
  /**
   * Where a URI leads that a client sends: the server, and the URI as that server calls it. Of several that it could be of, those
   * that are not `seen` have none: to ask which one is meant would tell that they do.
   */
  resolve(
    receiver: Receiver,
    uri: string,
    seen?: (upstream: string) => boolean,
  ): Extract<UriTarget, { ok: true }> | Refusal;
  /** For one answer of `upstream`. A URI that was asked for goes back as the client wrote it. */
  from(receiver: Receiver, upstream: string, asked?: RequestedUri): ShownLinks;
}

/** `max`: how many links are remembered at most, of all principals together. */
export function createLinks(deps: { readonly catalog: Pick<Catalog, "view">; readonly max?: number }): Links {
  const { catalog, max = 10_000 } = deps;
  // Models write down the plain URI that they have read beside a link. What one principal was told says nothing to another: a
  // server could take over resources of its neighbours for everybody.
  const told = new SharedMemory<readonly string[]>(max);

  const remember = (holder: string, uri: string, upstream: string): void => {
    if (uri.length > MAX_URI) return;
    const known = told.get(holder, uri) ?? [];
    if (!known.includes(upstream)) told.set(holder, uri, [...known, upstream]);
  };

  return {
    resolve({ scope, holder }, uri, seen = () => true) {
      const target = catalog.view(scope).resolveUri(uri);
      if (target.ok) return target;
      const here = (name: string): boolean => scope.upstreams.includes(name);
      const all = target.upstreams.length > 0 ? target.upstreams : (told.get(holder, uri) ?? []).filter(here);
      const upstreams = all.length > 1 ? all.filter(seen) : all;
      const [upstream] = upstreams;
      if (upstream === undefined) return refuse("RESOURCE_UNKNOWN");
      return upstreams.length > 1 ? ambiguous(uri, upstreams) : { ok: true, upstream, uri };
    },
    from({ scope, holder }, upstream, asked) {
      // Nothing is another's where one server stands alone.
      if (scope.upstreams.length === 1) return AS_IT_IS;
      let writeShown: WriteUri | undefined;
      const known = new Map<string, string>();
      const write: WriteUri = (uri) => {
        if (uri === asked?.sent) return asked.shown;
        let shown = known.get(uri);
        if (shown === undefined) {
          writeShown ??= catalog.view(scope).uriWriter(upstream);
          shown = writeShown(uri);
          known.set(uri, shown);
          if (shown !== uri && known.size <= MAX_OF_ONE) remember(holder, uri, upstream);
        }
        return shown;
      };
      return {
        result: (result) => writeResultLinks(result, write),
        params: (params) => {
          const { uri } = params;
          const written = writeLinks(params, write);
          return typeof uri === "string" ? { ...written, uri: write(uri) } : written;
        },
        error(error) {
          const { code, data } = error;
          // Elsewhere data of errors are the server's own.
          if (asked === undefined && code !== RESOURCE_NOT_FOUND) return error;
          const uri = isObject(data) ? data["uri"] : undefined;
          return isObject(data) && typeof uri === "string" ? { ...error, data: { ...data, uri: write(uri) } } : error;
        },
      };
    },
  };
}

/** Whose data name the resource, whatever was asked. 2025-11-25 server/resources, "Error Handling" */
const RESOURCE_NOT_FOUND = -32002;

const AS_IT_IS: ShownLinks = { result: (result) => result, params: (params) => params, error: (error) => error };

function ambiguous(uri: string, upstreams: readonly string[]): Refusal {
  const forms = upstreams.map((name) => `${markFor(uri)}${name}`).join(", ");
  return refuse("RESOURCE_AMBIGUOUS", `Put the name of the one that you mean behind the URI: ${forms}.`);
}
