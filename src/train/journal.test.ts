/** What a run finds where it begins: the mark of being finished counts, and is gone before anything else changes. */
import { expect, test } from "vitest";
import { data, model, options } from "../../test/support/small-run.ts";
import { constant } from "../optim/schedule.ts";
import { memory } from "./memory.ts";
import { FILES, FINE_TUNING, RANKS } from "./run-files.ts";
import { train } from "./train.ts";

const some = new TextEncoder().encode("{}");
const short = { schedule: constant({ lr: 0.1 }), epochs: 1, lambdaWarmup: 0 };

test("where a finished run has lost its checkpoint, another begins only to overwrite it", async () => {
  const store = memory();
  await store.write(FILES.summary, some);
  await store.write(FILES.model, some);
  for (const resume of [false, true])
    await expect(
      train(model(), data, options({ ...short, store, resume }))
        [Symbol.asyncIterator]()
        .next(),
    ).rejects.toThrow(
      /^memory already holds a run\n {2}file {2}summary\.json\n {2}fix +it is finished, and without a checkpoint/,
    );
  expect([...store.files.keys()].sort()).toEqual([FILES.model, FILES.summary]);
  for await (const _ of train(model(), data, options({ ...short, store, overwrite: true })));
  expect([...store.files.keys()].sort()).toEqual([FILES.checkpoint, FILES.metrics]);
});

test("a run that begins goes on with no ranks and no fine-tuning of one before", async () => {
  const store = memory();
  await store.write(RANKS, some);
  await store.within(FINE_TUNING).write(FILES.checkpoint, some);
  for await (const _ of train(model(), data, options({ ...short, store })));
  expect([...store.files.keys()].sort()).toEqual([FILES.checkpoint, FILES.metrics]);
});

test("a run that goes on is not finished, whatever marks it", async () => {
  const [store, stop] = [memory(), new AbortController()];
  const settings = { ...short, store, signal: stop.signal, onProgress: () => stop.abort() };
  for await (const _ of train(model(), data, options(settings)));
  await store.write(FILES.summary, some);
  const run = train(model(), data, options({ ...short, store, resume: true }));
  for await (const _ of run);
  expect(run.finished).toBe(true);
  expect(store.files.has(FILES.summary)).toBe(false);
  await store.write(FILES.summary, some); // as `finish` does
  for await (const _ of train(model(), data, options({ ...short, store, resume: true })));
  expect(store.files.has(FILES.summary)).toBe(true);
});

test("two runs of one process do not write to one store at once; after the first the second may", async () => {
  const store = memory();
  const first = train(model(), data, options({ ...short, epochs: 2, store }))[Symbol.asyncIterator]();
  await first.next();
  const second = () => train(model(), data, options({ ...short, epochs: 2, store, overwrite: true }));
  await expect(second()[Symbol.asyncIterator]().next()).rejects.toThrow("two runs write to one store at once");
  await first.return(undefined);
  for await (const _ of second());
  expect(store.files.has(FILES.checkpoint)).toBe(true);
});
