import { LRUCache } from "lru-cache";

/** What oidc-provider keeps of one thing: a session, a code, a token, a client. */
export type Kept = Record<string, unknown>;

/** Where clients that registered themselves outlive the process. */
export interface KeptClients {
  load(): ReadonlyMap<string, Kept>;
  save(clients: ReadonlyMap<string, Kept>): void;
}

/** The storage that oidc-provider asks for, one for each of its models. */
export interface ProviderAdapter {
  upsert(id: string, payload: Kept, expiresIn?: number): Promise<void>;
  find(id: string): Promise<Kept | undefined>;
  findByUid(uid: string): Promise<Kept | undefined>;
  findByUserCode(userCode: string): Promise<Kept | undefined>;
  consume(id: string): Promise<void>;
  destroy(id: string): Promise<void>;
  revokeByGrantId(grantId: string): Promise<void>;
}

const MAX_ENTRIES = 5_000;

/** Anybody on this machine may register one. */
const MAX_CLIENTS = 100;

/** Bounded memory for the demo's identity provider. Of it only registered clients are written down. */
export function createProviderMemory(kept: KeptClients): (model: string) => ProviderAdapter {
  const clients = new LRUCache<string, Kept>({ max: MAX_CLIENTS });
  for (const [id, client] of kept.load()) clients.set(id, client);
  const entries = new LRUCache<string, Kept>({ max: MAX_ENTRIES });

  return (model) => {
    const key = (id: string): string => `${model}:${id}`;
    const own = (): readonly Kept[] =>
      [...entries].flatMap(([name, value]) => (name.startsWith(key("")) ? [value] : []));
    if (model === "Client") return clientAdapter(clients, kept);
    return {
      async upsert(id, payload, expiresIn) {
        entries.set(key(id), payload, expiresIn === undefined ? {} : { ttl: expiresIn * 1000 });
      },
      find: async (id) => entries.get(key(id)),
      findByUid: async (uid) => own().find((value) => value["uid"] === uid),
      findByUserCode: async () => undefined,
      async consume(id) {
        const entry = entries.get(key(id));
        if (entry !== undefined) entry["consumed"] = Math.floor(Date.now() / 1000);
      },
      async destroy(id) {
        entries.delete(key(id));
      },
      async revokeByGrantId(grantId) {
        for (const [name, value] of [...entries]) if (value["grantId"] === grantId) entries.delete(name);
      },
    };
  };
}

function clientAdapter(clients: LRUCache<string, Kept>, kept: KeptClients): ProviderAdapter {
  const save = (): void => kept.save(new Map([...clients].reverse()));
  return {
    async upsert(id, payload) {
      clients.set(id, payload);
      save();
    },
    find: async (id) => clients.get(id),
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
    consume: async () => {},
    async destroy(id) {
      clients.delete(id);
      save();
    },
    revokeByGrantId: async () => {},
  };
}
