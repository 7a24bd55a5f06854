import { expect, test } from "vitest";
import { Random } from "../math/random.ts";
import { type Batch, type BatchPlan, batches, batchSizes, epochOrder } from "./batches.ts";
import type { Split } from "./split.ts";

const COUNT = 21;
const SHAPE = [2, 6, 5];
const SIZE = 60;
const pixels = new Random(1, "verify");
const split: Split = {
  x: Uint8Array.from({ length: COUNT * SIZE }, () => 1 + pixels.int(255)),
  y: Int32Array.from({ length: COUNT }, (_, i) => i),
  count: COUNT,
};
const plan: BatchPlan = { shape: SHAPE, batchSize: 8, seed: 5, augment: { crop: 2, flip: true } };
async function all(p: BatchPlan, from: Split = split): Promise<Batch[]> {
  const list: Batch[] = [];
  for await (const batch of batches(from, p)) list.push(batch);
  return list;
}

test("the last batch is kept; a single sample can be merged", () => {
  expect(batchSizes(21, 8)).toEqual([8, 8, 5]);
  expect(batchSizes(16, 8)).toEqual([8, 8]);
  expect(batchSizes(17, 8)).toEqual([8, 8, 1]);
  expect(batchSizes(17, 8, { mergeSingle: true })).toEqual([8, 9]);
  expect(batchSizes(1, 8, { mergeSingle: true })).toEqual([1]);
  expect(batchSizes(3, 8)).toEqual([3]);
});

test("an epoch visits every sample once, in an order of its own", async () => {
  const epoch = (await all(plan)).flatMap((b) => [...b.y]);
  expect(epoch).toEqual([...epochOrder(COUNT, 5, 0)]);
  expect(epoch.toSorted((a, b) => a - b)).toEqual([...split.y]);
  expect((await all({ ...plan, epoch: 1 })).flatMap((b) => [...b.y])).not.toEqual(epoch);
});

test("batches do not depend on where the iteration began", async () => {
  const whole = await all({ ...plan, epochs: 3 });
  expect(whole.map(({ epoch, step, count }) => [epoch, step, count])).toEqual(
    [0, 1, 2].flatMap((e) => [
      [e, 0, 8],
      [e, 1, 8],
      [e, 2, 5],
    ]),
  );
  expect(await all({ ...plan, epoch: 1, step: 2, epochs: 3 })).toEqual(whole.slice(5));
  expect(await all({ ...plan, epoch: 1, step: 3, epochs: 3 })).toEqual(whole.slice(6));
});

test("how a sample is varied does not depend on the batch size", async () => {
  const [a, b] = [await all(plan), await all({ ...plan, batchSize: 3 })];
  expect(a.flatMap(({ x }) => [...x])).toEqual(b.flatMap(({ x }) => [...x]));
});

test("each sample is a cut of the zero-padded image, sometimes mirrored", async () => {
  const [c, h, w] = SHAPE;
  const seen = new Set<string>();
  for (const { x, y } of await all({ ...plan, epochs: 20 }))
    y.forEach((sample, i) => {
      const got = x.subarray(i * SIZE, (i + 1) * SIZE);
      const at = (ch: number, r: number, col: number): number =>
        r < 0 || r >= h || col < 0 || col >= w ? 0 : split.x[sample * SIZE + (ch * h + r) * w + col];
      const fits = (dy: number, dx: number, flip: boolean): boolean =>
        got.every((v, p) => {
          const [ch, r, col] = [Math.floor(p / (h * w)), Math.floor(p / w) % h, p % w];
          return v === at(ch, r + dy, (flip ? w - 1 - col : col) + dx);
        });
      const cuts = [-2, -1, 0, 1, 2];
      const match = cuts.flatMap((dy) =>
        cuts.flatMap((dx) => [false, true].filter((f) => fits(dy, dx, f)).map((f) => `${dy} ${dx} ${f}`)),
      );
      expect(match).toHaveLength(1);
      seen.add(match[0]);
    });
  expect(c * h * w).toBe(SIZE);
  expect(seen.size).toBe(50); // every cut and both ways round
});

test("evaluation takes the data as it stands, float data and several targets too", async () => {
  const float: Split = {
    x: Float32Array.from(split.x),
    y: Float32Array.from({ length: 2 * COUNT }, (_, i) => i),
    count: COUNT,
  };
  const got = await all({ shape: SHAPE, batchSize: 8, seed: 0, shuffle: false }, float);
  expect(got.flatMap(({ x }) => [...x])).toEqual([...float.x]);
  expect(got.flatMap(({ y }) => [...y])).toEqual([...float.y]);
});

test("an aborted iteration ends with the signal's reason", async () => {
  const control = new AbortController();
  const run = batches(split, { ...plan, signal: control.signal })[Symbol.asyncIterator]();
  await run.next();
  control.abort(new Error("enough"));
  await expect(run.next()).rejects.toThrow("enough");
});

test("a plan that cannot be carried out is refused at once", () => {
  const refuse = (change: Partial<BatchPlan>): string => {
    try {
      batches(split, { ...plan, ...change });
    } catch (error) {
      return (error as Error).message.replaceAll(/\s+/g, " ");
    }
    return "no error";
  };
  expect([
    refuse({ batchSize: 0 }),
    refuse({ batchSize: 1.5 }),
    refuse({ epoch: -1 }),
    refuse({ step: 4 }),
    refuse({ seed: Number.NaN }),
    refuse({ shape: [3, 4] }),
    refuse({ shape: [60] }),
    refuse({ augment: { crop: -1 } }),
  ]).toMatchInlineSnapshot(`
    [
      "the plan of the batches is not valid field batchSize got 0 wanted an integer ≥ 1",
      "the plan of the batches is not valid field batchSize got 1.5 wanted an integer ≥ 1",
      "the plan of the batches is not valid field epoch got -1 wanted an integer ≥ 0",
      "the plan of the batches is not valid field step got 4 wanted 0 … 3, the steps of an epoch",
      "the plan of the batches is not valid field seed got NaN wanted an integer",
      "the plan of the batches is not valid field shape got [3,4] wanted a shape of 60 numbers, as the samples have",
      "the plan of the batches is not valid field augment got samples of shape [60] wanted images [C, H, W]",
      "the plan of the batches is not valid field augment.crop got -1 wanted 0 … 6, the size of the image",
    ]
  `);
});
