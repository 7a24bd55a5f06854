/** A prox that the engine follows through a run: what it carries is part of the state. */
import { expect, test } from "vitest";
import { node } from "../engine/node.ts";
import { Random } from "../math/random.ts";
import { mlp } from "../models/mlp.ts";
import { rmda } from "../optim/rmda.ts";
import { constant } from "../optim/schedule.ts";
import { nuclear } from "../prox/nuclear.ts";
import { crossEntropy } from "../step/loss.ts";
import { names } from "../step/names.ts";
import { Trainer } from "./trainer.ts";

const random = new Random(3, "digits");
const batches = Array.from({ length: 6 }, () => ({
  x: Float32Array.from({ length: 16 * 72 }, () => random.normal()),
  y: Int32Array.from({ length: 16 }, () => random.int(10)),
  count: 16,
}));
const trainer = (width = 64) =>
  new Trainer({
    engine: node({ threads: 1 }),
    model: mlp({ sizes: [72, width, 10], seed: 1 }),
    optimizer: rmda({ c: 0.5, momentumSchedule: "constant" }),
    penalty: nuclear({ lambda: 0.5 }),
    schedule: constant({ lr: 0.1 }),
    inputs: [{ dtype: "float32", sample: [72] }],
    terms: [{ loss: crossEntropy() }],
    seed: 1,
  });

async function go(on: Trainer, from: number, to: number, stepsPerEpoch = 100): Promise<void> {
  for (let step = from; step < to; step++) {
    const now = { epoch: 0, step, stepsPerEpoch, epochs: 1 };
    await on.step({ ...batches[step], ...now }, now, 1);
  }
}

test("a resume has the basis, and ends with the same bytes; without it the host makes one anew, and the weights are near", async () => {
  const whole = trainer();
  await whole.begin();
  await go(whole, 0, 3);
  const saved = { tensors: await whole.tensors(), memory: whole.memory };
  await go(whole, 3, 6);
  const basis = names.basis("fc1.weight");
  expect((saved.tensors.get(basis)!.data as Float32Array).some((x) => x !== 0)).toBe(true);

  const resumed = trainer();
  resumed.restore(saved);
  await go(resumed, 3, 6);
  expect(await resumed.tensors()).toEqual(await whole.tensors());
  expect(resumed.penaltyMetrics()).toEqual(whole.penaltyMetrics());

  const without = trainer();
  without.restore({ ...saved, tensors: new Map([...saved.tensors].filter(([name]) => name !== basis)) });
  await go(without, 3, 6);
  const [a, b] = [await without.weights(), await whole.weights()].map((w) => w.get("fc1.weight")!.data as Float32Array);
  expect(Math.max(...a.map((x, i) => Math.abs(x - b[i])))).toBeLessThan(1e-5);
  for (const t of [whole, resumed, without]) await t.release();
});

test("a small weight that was lost is the host's at that step, to the byte, and is followed from there", async () => {
  const [lost, byHost] = [trainer(16), trainer(16)];
  for (const t of [lost, byHost]) await t.begin();
  await go(lost, 0, 1);
  await go(byHost, 0, 1, 1); // the last step of an epoch
  expect(await lost.weights()).toEqual(await byHost.weights());
  const basis = async (of: Trainer) => (await of.tensors()).get(names.basis("fc1.weight"))!.data as Float32Array;
  expect((await basis(byHost)).every((x) => x === 0)).toBe(true);
  expect((await basis(lost)).some((x) => x !== 0)).toBe(true);
  for (const t of [lost, byHost]) await t.release();
});
