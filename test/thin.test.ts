/** A step without unread channels, over every topology: it moves all that stays as a step with them does. */
import { expect, test } from "vitest";
import { zeroed } from "../campaign/graphs/sparse-models.ts";
import { node } from "../src/engine/node.ts";
import { size } from "../src/graph/tensor.ts";
import type { Model, Shape, Tensor } from "../src/graph/types.ts";
import { groupSets } from "../src/groups/groups.ts";
import { Random } from "../src/math/random.ts";
import { constant } from "../src/optim/schedule.ts";
import { sgd } from "../src/optim/sgd.ts";
import { structureOf, unreadChannels } from "../src/shrink/unread.ts";
import { meanSquaredError } from "../src/step/loss.ts";
import { type Thin, thin } from "../src/train/thin.ts";
import { Trainer } from "../src/train/trainer.ts";
import { model } from "./support/random-net.ts";
import { topologies } from "./support/topologies.ts";

const engine = node({ threads: 1 });
const BATCH = 4;

/** One step of SGD: at a second one, what is zero would have been moved where it may be. */
async function stepped(of: Model, less?: Thin) {
  const [x] = of.graph.inputs;
  const [y] = of.graph.outputs;
  const random = new Random(5, "verify");
  const values = (shape: Shape) => Float32Array.from({ length: BATCH * size(shape.slice(1)) }, () => random.normal());
  const trainer = new Trainer({
    engine,
    model: of,
    optimizer: sgd({ momentum: 0 }),
    schedule: constant({ lr: 1e-3 }),
    terms: [{ loss: meanSquaredError() }],
    inputs: [{ dtype: "float32", sample: x.shape.slice(1) }],
    seed: 1,
  });
  await trainer.begin();
  const at = less ? await trainer.rebuild({ thin: less }) : trainer;
  const batch = { x: values(x.shape), y: values(y.shape), count: BATCH, epoch: 0, step: 0 };
  const { loss } = await at.step(batch, { epoch: 0, step: 0, stepsPerEpoch: 1, epochs: 1 }, 1);
  const weights = await at.weights();
  await at.release();
  return { loss, weights };
}

/** A mask in the shape that it broadcasts to. */
function broadcast({ shape, data }: Tensor, to: Shape): number[] {
  return Array.from({ length: size(to) }, (_, i) => {
    let [rest, at, stride] = [i, 0, 1];
    for (let axis = to.length - 1; axis >= 0; axis--) {
      const index = rest % to[axis];
      rest = (rest - index) / to[axis];
      if (shape[axis] > 1) at += index * stride;
      stride *= shape[axis];
    }
    return Number(data[at]);
  });
}

test.each(Object.entries(topologies))("%s", async (_, { input, build }) => {
  const random = new Random(3, "shuffle");
  const full = model(1, input, build);
  const sets = groupSets(full.graph, "coupled");
  const dead = new Map(sets.map((s) => [s, Array.from({ length: s.count }, () => random.uniform() < 0.5)]));
  for (const [s, flags] of dead) flags[random.int(s.count)] = false; // at least one of each stays
  const sparse = zeroed(full, sets, (s, group) => dead.get(s)![group]);
  const less = thin(sparse.graph, unreadChannels(structureOf(sparse.graph)));
  expect(less.params).toBeLessThan([...sparse.graph.initializers.values()].reduce((n, t) => n + t.data.length, 0));

  const [whole, without] = [await stepped(sparse), await stepped(sparse, less)];
  expect(without.loss).toBeCloseTo(whole.loss, 4);
  let pinned = 0;
  for (const [name, { shape, data }] of whole.weights) {
    const now = without.weights.get(name)!;
    expect(now.shape).toEqual(shape);
    const mask = less.pinned.get(name);
    const zero = mask && broadcast(mask, shape);
    const left = less.running.get(name)?.left;
    for (const [i, x] of now.data.entries()) {
      if (zero?.[i] === 0) {
        pinned++;
        expect(x, name).toBe(0);
      } else if (!left || left.includes(i)) expect(Math.abs(Number(x) - Number(data[i])), name).toBeLessThan(2e-6);
    }
  }
  expect(pinned).toBeGreaterThan(0);
});
