import type { Catalog } from "../../catalog/catalog.ts";
import type { ClientPeer, Notification, RpcError } from "../../core/call.ts";
import { type Refusal, refuse } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { Scope } from "../../core/scope.ts";
import type { Upstreams } from "../../upstream/upstream.ts";
import type { Gateway } from "../gateway.ts";
import { createKeptSubscriptions, type WatchedResource } from "./kept-subscriptions.ts";
import type { Links } from "./links.ts";
import type { OutOfBand } from "./out-of-band.ts";

/** Makes what lets clients watch resources, whose URIs they know as this gateway shows them. */
export function createSubscriptions(deps: {
  readonly upstreams: Pick<Upstreams, "get" | "onEvent">;
  readonly catalog: Pick<Catalog, "onChange">;
  /** The scope of an endpoint name. */
  readonly scope: (endpoint: string) => Scope | undefined;
  readonly links: Links;
  readonly outOfBand: Pick<OutOfBand, "peerFor">;
  readonly log: Log;
}): Pick<Gateway, "subscribe" | "resubscribe"> {
  const { upstreams, links, outOfBand } = deps;
  const kept = createKeptSubscriptions(deps);

  /** What a client watches, as its server knows it. */
  function find(
    scope: Scope,
    peer: ClientPeer,
    uri: string,
    onUpdated: (notification: Notification) => void,
  ): { readonly ok: true; readonly watched: WatchedResource } | Refusal {
    const receiver = { scope, holder: peer.owner };
    const target = links.resolve(receiver, uri);
    if (!target.ok) return target;
    const { upstream } = target;
    if (upstreams.get(upstream) === undefined) return refuse("RESOURCE_UNKNOWN");
    const asked = { shown: uri, sent: target.uri };
    const watched: WatchedResource = {
      ...{ upstream, uri: target.uri, peer: outOfBand.peerFor(peer, upstream) },
      allowed: () => deps.scope(scope.endpoint)?.upstreams.includes(upstream) === true,
      onUpdated: ({ method, params }) =>
        onUpdated({ method, params: links.from(receiver, upstream, asked).params(params) }),
    };
    return { ok: true, watched };
  }

  return {
    async subscribe(...wanted) {
      const found = find(...wanted);
      if (!found.ok) return found;
      const subscription = await kept.add(found.watched);
      if (subscription.ok) return subscription;
      return "fault" in subscription
        ? refuse(subscription.fault.code)
        : refuse("PARAMS_INVALID", why(subscription.error));
    },
    resubscribe: ({ endpoint }, ...wanted) =>
      kept.restore(() => {
        // Looked up each time: what an endpoint shows may change until its server comes back.
        const scope = deps.scope(endpoint);
        const found = scope && find(scope, ...wanted);
        return found?.ok === true ? found.watched : undefined;
      }),
  };
}

function why(error: RpcError): string {
  return `The upstream refused the subscription (JSON-RPC ${error.code}).`;
}
