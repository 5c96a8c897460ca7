/** A place in a list of sessions, the one seen last first. */
export interface ListedPosition {
  /** ms since the epoch. */
  readonly lastSeenAt: number;
  readonly id: string;
}

/** The cursor of a place. */
export function cursorAt(lastSeenAt: number, id: string): string {
  return `${lastSeenAt}.${id}`;
}

/** The place that a cursor names; `undefined` if it is none of ours. */
export function readSessionCursor(text: string): ListedPosition | undefined {
  const [, lastSeenAt, id] = /^(\d{1,15})\.([\w-]{22,64})$/.exec(text) ?? [];
  return lastSeenAt === undefined || id === undefined ? undefined : { lastSeenAt: Number(lastSeenAt), id };
}
