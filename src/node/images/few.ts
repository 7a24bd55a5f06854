/** Work on many files, a few of them at once. */

/** As many as Node.js has threads for it. */
const AT_ONCE = 4;

/** `work` on every index, a few at a time; the first failure ends it. */
export async function aFewAtATime(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one)).finally(() => {
    next = count;
  });
}
