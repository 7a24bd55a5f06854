/** What an iteration gives, asked for before it is wanted. */

/** At most so many batches are ready or being prepared while one is used. */
export const AHEAD = 4;

/** The same in the same order; up to `most` of them are asked for ahead of their use. What fails, fails in its turn. */
export async function* ahead<T>(from: AsyncGenerator<T>, most = AHEAD): AsyncGenerator<T> {
  const asked: Promise<IteratorResult<T>>[] = [];
  const ask = (): void => {
    const one = from.next();
    one.catch(() => {}); // whoever takes it hears of that
    asked.push(one);
  };
  try {
    for (let i = 0; i < most; i++) ask();
    for (let one = asked.shift(); one; one = asked.shift()) {
      const { value, done } = await one;
      if (done) return;
      ask();
      yield value;
    }
  } finally {
    await from.return(undefined);
  }
}
