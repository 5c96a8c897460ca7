/** What is under way, by what it is about: who asks for the same meanwhile waits for the same. */
export class SharedWork<Key, Result> {
  readonly #underWay = new Map<Key, Promise<Result>>();

  /** Begins `work`, unless it is under way. */
  do(key: Key, work: () => Promise<Result>): Promise<Result> {
    let running = this.#underWay.get(key);
    if (running === undefined) {
      running = work().finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, running);
    }
    return running;
  }
}
