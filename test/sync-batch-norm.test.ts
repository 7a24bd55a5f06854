/** Ranks whose batch norm normalizes by the samples of all: the run of one process, whatever the number of ranks. */
import {
  type Communicator,
  constant,
  digits,
  groupLasso,
  memory,
  proxSgd,
  sgd,
  type TrainOptions,
  train,
  write,
} from "espalier";
import { node } from "espalier/node";
import { expect, test } from "vitest";
import { communicators } from "./support/communicators.ts";
import { difference, finish, together } from "./support/joint-runs.ts";
import { residualBlock } from "./support/residual-block.ts";

const engine = node({ threads: 1 });
/** Batches of 16 and a last one of 3: of four ranks one has no sample of it. */
const data = digits({ train: 51, test: 20, seed: 3 });
const normed = (more: Partial<TrainOptions>) =>
  train(residualBlock({ seed: 2, side: 28, classes: 10 }), data, {
    engine,
    optimizer: sgd({ momentum: 0.9 }),
    schedule: constant({ lr: 0.05 }),
    epochs: 3,
    batchSize: 16,
    syncBatchNorm: true,
    ...more,
  });
test.each([2, 4])("%i ranks end as one process, running statistics too, all with the same bytes", async (size) => {
  const one = await finish(normed({}));
  const [first, ...others] = await together(size, (communicator) => normed({ communicator }));
  expect(difference(one.model, first.model)).toBeLessThan(1e-5);
  for (const other of others) expect(write(other.model)).toEqual(write(first.model));
  const apart = await together(2, (communicator) => normed({ communicator, syncBatchNorm: false }));
  expect(difference(one.model, apart[0].model)).toBeGreaterThan(1e-4); // by each rank's own statistics another run
});

test("a run goes on with another number of ranks, which is said where it may not", async () => {
  const store = memory();
  const stop = new AbortController();
  const method = {
    optimizer: proxSgd(),
    penalty: groupLasso({ lambda: 1e-3 }),
    preciseStatistics: false as const,
  };
  const rest = { ...method, resume: true };
  const files = ({ rank }: Communicator) => (rank === 0 ? store : memory());
  await together(2, (communicator) =>
    normed({
      ...method,
      communicator,
      store: files(communicator),
      signal: stop.signal,
      onProgress: ({ epoch }) => epoch === 2 && stop.abort(),
    }),
  );
  const unlike = { ...rest, store, syncBatchNorm: false };
  await expect(finish(normed(unlike))).rejects.toThrow("different settings: ");
  const [first] = await together(3, (communicator) => normed({ ...rest, communicator, store: files(communicator) }));
  const whole = await finish(normed(method));
  expect(first.history).toHaveLength(3);
  expect(difference(whole.model, first.model)).toBeLessThan(1e-5);
});

test("parts of a batch have no statistics of the whole", () => {
  const [communicator] = communicators(2);
  expect(() => normed({ communicator, accumulate: 2 })).toThrow(/syncBatchNorm(.|\n)*accumulate/);
});
