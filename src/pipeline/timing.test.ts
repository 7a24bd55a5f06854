import { expect, test, vi } from "vitest";
import { node } from "../engine/node.ts";
import { mlp } from "../models/mlp.ts";
import { read } from "../onnx/read.ts";
import { write } from "../onnx/write.ts";
import { compareLatency, timedBatches, timeModels } from "./timing.ts";

test("a file of one sample is timed as what it is for several", async () => {
  const full = mlp({ sizes: [4, 3, 2], seed: 1 });
  const dims = new Map([...full.dims].map(([name, d]) => [name, [1, ...d.slice(1)]]));
  const model = read(write({ ...full, dims }));
  expect(timedBatches([model], [1, 8])).toEqual([1, 8]);
  expect(await timeModels(node({ threads: 1 }), [{ model, bytes: write(model) }], 8, { runs: 2 })).toHaveLength(1);
});

test("a batch that no memory holds is refused before it is made", async () => {
  const model = mlp({ sizes: [4, 3, 2], seed: 1 });
  const timed = [{ model, bytes: write(model) }];
  const engine = node({ threads: 1 });
  await expect(timeModels(engine, timed, 2 ** 32, { runs: 1 })).rejects.toThrow("a batch is too large to time");
  expect(await timeModels(engine, timed, 8, { runs: 2 })).toHaveLength(1);
});

/** How often a model is run to be timed, where a run takes so long. */
async function runsOf(ms: number): Promise<number> {
  const model = mlp({ sizes: [4, 3, 2], seed: 1 });
  const engine = node({ threads: 1 });
  let runs = 0;
  const load = engine.load.bind(engine);
  vi.spyOn(engine, "load").mockImplementation(async (bytes) => {
    const session = await load(bytes);
    const run = session.run.bind(session);
    session.run = (...given) => {
      runs++;
      return run(...given);
    };
    return session;
  });
  let now = 0;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => {
    now += ms;
    return now;
  });
  await timeModels(engine, [{ model, bytes: write(model) }], 8).finally(() => clock.mockRestore());
  return runs;
}

test("a model that takes long is told from three runs, and a quick one from more", async () => {
  expect(await runsOf(10_000)).toBe(2 + 3);
  expect(await runsOf(100)).toBeGreaterThan(2 + 3 + 10);
});

test("a model that is much smaller is said to be faster, with its interval, and not after too few rounds", async () => {
  const engine = node({ threads: 1 });
  const timed = [mlp({ sizes: [256, 1024, 1024, 10], seed: 1 }), mlp({ sizes: [256, 16, 10], seed: 1 })].map(
    (model) => ({ model, bytes: write(model) }),
  );
  const { ms, speedups, rounds } = await compareLatency(engine, timed, 8, { runs: 36, warmup: 1 });
  expect(rounds).toBe(12);
  expect(speedups).toMatchObject([{ verdict: "faster" }]);
  expect(speedups[0].low).toBeLessThanOrEqual(speedups[0].value);
  expect(speedups[0].high).toBeGreaterThanOrEqual(speedups[0].value);
  for (const { value, low, high } of ms) expect(low <= value && value <= high).toBe(true);
  const few = await compareLatency(engine, timed, 8, { runs: 3, warmup: 0 });
  expect(few).toMatchObject({ rounds: 3, speedups: [{ verdict: "unclear" }] });
});
