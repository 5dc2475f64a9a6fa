/**
 * One after another: work on the same address, person or file. Hosted services leave that to rows that they lock; the
 * package reads, decides and writes in separate transactions.
 */
export class KeyedLock {
  #last = new Map<string, Promise<unknown>>();

  /** Runs `work` once nothing else runs under any of the keys. */
  async run<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    // One order for everybody, so that nobody waits for somebody who waits for them.
    const [key, ...rest] = [...new Set(keys)].sort();
    if (key === undefined) return await work();
    const before = this.#last.get(key);
    const mine = (async () => {
      await before?.catch(() => undefined); // whose work it was has heard of it
      return await this.run(rest, work);
    })();
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}
