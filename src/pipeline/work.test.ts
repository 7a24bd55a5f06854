import { expect, test } from "vitest";
import { WAIT, workThrough } from "./work.ts";

const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 1));

/** Jobs 1 … n from a list, with a record of how many ran at once. */
function jobs(n: number) {
  const left = Array.from({ length: n }, (_, i) => i + 1);
  const done: number[] = [];
  let now = 0;
  let most = 0;
  return {
    done,
    most: () => most,
    next: () => left.shift(),
    async work(job: number) {
      most = Math.max(most, ++now);
      await turn();
      now--;
      done.push(job);
      return true;
    },
  };
}

test("all jobs are done, at most so many at once", async () => {
  for (const parallel of [1, 3]) {
    const all = jobs(7);
    expect(await workThrough({ ...all, parallel })).toBe(false);
    expect([all.done.length, all.most()]).toEqual([7, parallel]);
  }
});

test("what is to wait for is asked for again when a job ends, and after a while", async () => {
  let [ended, asked] = [0, 0];
  const next = () =>
    asked++ === 0 ? "first" : ended === 0 ? WAIT : asked < 5 ? WAIT : asked === 5 ? "last" : undefined;
  const work = async () => {
    await turn();
    ended++;
    return true;
  };
  expect(await workThrough({ next, work, parallel: 2, every: 2 })).toBe(false);
  expect(ended).toBe(2);
});

test("a stop takes no further job and says so; what came to its end before is not stopped", async () => {
  const stop = new AbortController();
  const all = jobs(3);
  const work = async (job: number) => {
    if (job === 2) stop.abort();
    return all.work(job);
  };
  expect(await workThrough({ ...all, work, signal: stop.signal })).toBe(true);
  expect(all.done).toEqual([1, 2]);
  const last = jobs(2);
  const over = new AbortController();
  const end = async (job: number) => last.work(job).finally(() => job === 2 && over.abort());
  expect(await workThrough({ ...last, work: end, signal: over.signal })).toBe(false);
  const waiting = new AbortController();
  setTimeout(() => waiting.abort(), 5);
  expect(await workThrough({ next: () => WAIT, work: async () => true, every: 60_000, signal: waiting.signal })).toBe(
    true,
  );
});

test("a job that is taken while a stop or a failure comes is given back", async () => {
  const given: number[] = [];
  const giveBack = async (job: number) => void given.push(job);
  const stop = new AbortController();
  const next = () => {
    stop.abort();
    return 7;
  };
  expect(await workThrough({ next, work: async () => true, giveBack, signal: stop.signal })).toBe(true);
  expect(given).toEqual([7]);
  const all = jobs(3);
  let fail = (_: Error) => {};
  const broken = new Promise<boolean>((_, reject) => {
    fail = reject;
  });
  const slow = async () => {
    const job = all.next();
    if (job === 2) fail(new Error("broken"));
    await turn();
    return job;
  };
  await expect(workThrough({ next: slow, work: () => broken, giveBack, parallel: 2 })).rejects.toThrow("broken");
  expect(given).toEqual([7, 2]);
});

test("a failure is thrown when the jobs beside it have ended", async () => {
  const all = jobs(5);
  const work = async (job: number) => {
    if (job === 1) throw await turn().then(() => new Error("broken"));
    return all.work(job);
  };
  await expect(workThrough({ ...all, work, parallel: 2 })).rejects.toThrow("broken");
  expect(all.done).toEqual([2]);
});
