/** A store whose process is killed at one of its operations: what that leaves is what a kill at that moment leaves on a disk. */
import type { Store } from "../../src/train/store.ts";

/** What the killed process would have gone on with. */
class Killed extends Error {}

/** Counts the operations of a store and of those within, and kills at one of them. */
export class Killer {
  /** Operations so far. */
  count = 0;
  private readonly at: number;
  private readonly once: boolean;

  /**
   * @param at the operation, from 1, that is the last; default: none is
   * @param once that one alone fails, as on a disk that refuses it, and those after it are done
   */
  constructor(at = Number.POSITIVE_INFINITY, { once = false } = {}) {
    this.at = at;
    this.once = once;
  }

  /**
   * @param half what may have happened of the last operation: a file is replaced whole or not at all, but half a line may be appended
   * and half a folder be removed
   */
  private async step<T>(work: () => Promise<T>, half?: () => Promise<unknown>): Promise<T> {
    this.count++;
    if (this.count === this.at) await half?.();
    if (this.once ? this.count === this.at : this.count >= this.at) throw new Killed();
    return work();
  }

  store(inner: Store): Store {
    const halfFolder = async (name: string) => {
      const folder = inner.within(name);
      for (const file of (await folder.list()).filter((_, i) => i % 2 === 0)) await folder.remove(file);
    };
    return {
      ...inner,
      read: (name) => this.step(() => inner.read(name)),
      write: (name, bytes) => this.step(() => inner.write(name, bytes)),
      append: (name, text) =>
        this.step(
          () => inner.append(name, text),
          () => inner.append(name, text.slice(0, text.length / 2)),
        ),
      remove: (name) =>
        this.step(
          () => inner.remove(name),
          () => halfFolder(name),
        ),
      list: () => this.step(() => inner.list()),
      within: (name) => this.store(inner.within(name)),
    };
  }
}

/** Runs something again and again, killed at its first operation, its second … until it ends. @returns how often it was killed */
export async function killedEverywhere(
  attempt: (killer: Killer) => Promise<unknown>,
  check: (killedAt: number) => Promise<void>,
): Promise<number> {
  for (let at = 1; ; at++) {
    const ended = await attempt(new Killer(at)).then(
      () => true,
      (error: unknown) => {
        if (!(error instanceof Killed)) throw error;
        return false;
      },
    );
    if (ended) return at - 1;
    await check(at);
  }
}
