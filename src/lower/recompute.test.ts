import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { node } from "../engine/node.ts";
import { check } from "../graph/check.ts";
import { resnet20 } from "../models/resnet.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { crossEntropy } from "../step/loss.ts";
import { Trainer } from "../train/trainer.ts";
import { lower } from "./lower.ts";
import { ordered, peakMemory } from "./order.ts";
import { recomputing } from "./recompute.ts";
import { targetOf } from "./target.ts";

const BATCH = 8;
const engine = node({ threads: 1 });
const sample = [3, 32, 32];
const trainerOf = (recompute: boolean) =>
  new Trainer({
    engine,
    model: resnet20({ seed: 1 }),
    inputs: [{ dtype: "uint8", sample, normalization: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } }],
    terms: [{ loss: crossEntropy() }],
    optimizer: sgd(),
    schedule: constant({ lr: 0.1 }),
    seed: 1,
    recompute,
  });

test("a step that computes values again keeps less, and ends with the same bytes", async () => {
  const x = new Uint8Array(BATCH * 3 * 32 * 32).map((_, i) => (i * 2654435761) >>> 24);
  const y = Int32Array.from({ length: BATCH }, (_, i) => i % 10);
  const ends = [];
  for (const recompute of [false, true]) {
    const trainer = trainerOf(recompute);
    await trainer.begin();
    const losses: number[] = [];
    for (let step = 0; step < 2; step++) {
      const now = { epoch: 0, step, stepsPerEpoch: 2, epochs: 1 };
      losses.push((await trainer.step({ x, y, count: BATCH, ...now }, now, 1)).loss);
    }
    const hash = createHash("sha256");
    for (const [name, { data }] of await trainer.tensors()) hash.update(name).update(data as Float32Array);
    ends.push({ losses, tensors: hash.digest("hex") });
    await trainer.release();
  }
  expect(ends[1]).toEqual(ends[0]);
});

test("a residual network's step keeps a tenth less", async () => {
  const trainer = trainerOf(false);
  const step = lower(trainer.stepGraph(BATCH), targetOf(engine));
  await trainer.release();
  const made = recomputing(step);
  expect(check(made)).toEqual([]);
  expect(peakMemory(made)).toBeLessThan(0.9 * peakMemory(ordered(step)));
});
