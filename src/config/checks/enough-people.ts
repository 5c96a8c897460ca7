/** What a stage takes: so many of these people; `undefined` where there may be any number of others. */
export interface StageNeeds {
  readonly required: number;
  readonly people: ReadonlySet<string> | undefined;
}

/**
 * The first stage that cannot be met when everybody decides once in all of them, however those before it choose.
 * A matching of places with people, by augmenting paths. @throws never
 */
export function firstUnmet(stages: readonly StageNeeds[]): number | undefined {
  const places: (readonly string[])[] = [];
  const placeOf = new Map<string, number>();
  const settle = (place: number, tried: Set<string>): boolean => {
    for (const person of places[place] ?? []) {
      if (tried.has(person)) continue;
      tried.add(person);
      const other = placeOf.get(person);
      if (other !== undefined && !settle(other, tried)) continue;
      placeOf.set(person, place);
      return true;
    }
    return false;
  };
  for (const [index, { required, people }] of stages.entries()) {
    if (people === undefined) continue;
    for (let count = 0; count < required; count++) {
      const place = places.push([...people]) - 1;
      if (!settle(place, new Set())) return index;
    }
  }
  return undefined;
}
