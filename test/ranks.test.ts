/** Several ranks train what one process trains at the same batch, by every method, and stop, resume and fail together. */
import { digits, groupLasso, memory, multiStep, type Run, rmda, type TrainOptions, train, write } from "espalier";
import { node } from "espalier/node";
import { expect, test } from "vitest";
import { communicators } from "./support/communicators.ts";
import { difference, finish, together } from "./support/joint-runs.ts";
import { residualBlock } from "./support/residual-block.ts";

type Method = Pick<TrainOptions, "optimizer" | "schedule" | "penalty" | "lambdaWarmup">;
const at = (file: string) => new URL(`./support/${file}`, import.meta.url);
const { methods } = (await import(at("resume-methods.mjs").href)) as { methods: Readonly<Record<string, Method>> };
const { shared } = (await import(at("shared-run.mjs").href)) as {
  shared: (method: string, more?: Partial<TrainOptions>) => Run;
};

test.each(Object.keys(methods))(
  "%s: 3 ranks end as one process after 100 steps, all with the same bytes",
  async (method) => {
    const one = await finish(shared(method));
    const ranks = await together(3, (communicator) => shared(method, { communicator }));
    expect(difference(one.model, ranks[0].model)).toBeLessThan(1e-5);
    for (const other of ranks) expect(write(other.model)).toEqual(write(ranks[0].model));
  },
);

/** Batch norm, dropout-free; batches of 16 and a last one of 3, which is too small for two ranks of two samples. */
const normed = (more: Partial<TrainOptions>) =>
  train(residualBlock({ seed: 2, side: 28, classes: 10 }), digits({ train: 51, test: 20, seed: 3 }), {
    engine: node({ threads: 1 }),
    optimizer: rmda({ c: 0.1 }),
    schedule: multiStep({ lr: 0.05, milestones: [1] }),
    penalty: groupLasso({ lambda: 1e-3 }),
    epochs: 2,
    batchSize: 16,
    ...more,
  });

test("batch norm normalizes each rank's share, and all carry the same running statistics", async () => {
  const [one, other] = await together(2, (communicator) => normed({ communicator }));
  expect(write(other.model)).toEqual(write(one.model));
  expect(one.history.every((m) => Number.isFinite(m.loss))).toBe(true);
  const alone = await finish(normed({}));
  expect(difference(alone.model, one.model)).toBeGreaterThan(1e-4); // other statistics, another run
});

test("a stop that one rank hears stops all; resumed they end with the same bytes, and with others only where no share is normalized", async () => {
  const whole = await together(2, (communicator) => normed({ communicator }));
  const store = memory();
  const stop = new AbortController();
  const begun = await together(2, (communicator) =>
    normed({
      communicator,
      ...(communicator.rank === 0 && { store }),
      ...(communicator.rank === 1 && { signal: stop.signal }),
      onProgress: ({ step }) => {
        if (communicator.rank === 1 && step === 2) stop.abort();
      },
      ...(communicator.rank === 1 && { store: memory() }),
    }),
  );
  expect(begun.map((run) => run.finished)).toEqual([false, false]);
  const resumed = { store, resume: true };
  await expect(finish(normed(resumed))).rejects.toThrow("different settings: ranks");
  const rest = await together(2, (communicator) =>
    normed({ communicator, resume: true, store: communicator.rank === 0 ? store : memory() }),
  );
  for (const run of rest) expect(write(run.model)).toEqual(write(whole[0].model));
});

test("without batch norm any number of ranks goes on with a run", async () => {
  const store = memory();
  const stop = new AbortController();
  await finish(shared("rmda", { store, signal: stop.signal, onProgress: ({ epoch }) => epoch === 3 && stop.abort() }));
  const [first] = await together(2, (communicator) =>
    shared("rmda", { communicator, resume: true, store: communicator.rank === 0 ? store : memory() }),
  );
  const whole = await finish(shared("rmda"));
  expect(first.history).toHaveLength(20);
  expect(difference(whole.model, first.model)).toBeLessThan(1e-5);
});

test("ranks that were started differently, or cannot share a batch, are refused", async () => {
  const started = communicators(2).map((communicator, i) => finish(shared("sgd", { communicator, seed: 7 + i })));
  const [first, second] = await Promise.allSettled(started);
  expect(String((first as PromiseRejectedResult).reason)).toContain("some rank was started with other settings");
  expect(String((second as PromiseRejectedResult).reason)).toContain("other settings than rank 0: seed");
  const [communicator] = communicators(20);
  expect(() => normed({ communicator })).toThrow(/batchSize is too small for every rank(.|\n)*at least 40/);
  expect(() => shared("sgd", { communicator, tune: {} })).toThrow("formulations of their own");
  expect(() => shared("sgd", { communicator: { ...communicator, rank: 20 } })).toThrow("rank 20 of 20");
});
