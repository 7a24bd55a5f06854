/** Whether a file trains: a few steps of its own, on all its outputs at once, and what came of them is shrunk. */
import {
  constant,
  type Engine,
  fromColumns,
  groupLasso,
  type Losses,
  type Model,
  meanSquaredError,
  proxSgd,
  shrink,
  train,
} from "espalier";
import type { Tensor } from "../../src/graph/types.ts";
import { type Exported, noise, samples } from "./fixture.ts";
import { graphFor, Wrong } from "./numbers.ts";

const numbers = ({ data }: Tensor): Int32Array | Float32Array =>
  data instanceof Float32Array ? data : Int32Array.from(data as ArrayLike<number | bigint>, Number);

/** Two epochs of one step towards noise. @throws Wrong where no weight moves; what training and shrinking throw */
export async function trains(engine: Engine, model: Model, file: Exported): Promise<void> {
  const inputs = samples(file.animal);
  const { outputs } = graphFor(model, inputs);
  const floats = outputs.filter((v) => v.dtype === "float32");
  const columns = {
    inputs: Object.fromEntries(
      model.graph.inputs.map((v, i) => [v.name, { data: numbers(inputs[i]), shape: inputs[i].shape.slice(1) }]),
    ),
    labels: Object.fromEntries(
      floats.map((v, i) => {
        const count = v.shape.reduce((a, b) => a * b, 1);
        return [v.name, { data: Float32Array.from(noise(i, count)), shape: v.shape.slice(1) }];
      }),
    ),
  };
  const loss: Losses = Object.fromEntries(floats.map((v) => [v.name, meanSquaredError()]));
  const run = train(model, fromColumns(columns, { test: columns }), {
    engine,
    loss,
    optimizer: proxSgd(),
    penalty: groupLasso({ lambda: 1e-3 }),
    schedule: constant({ lr: 0.01 }),
    epochs: 2,
    batchSize: inputs[0].shape[0],
  });
  for await (const _ of run);
  const before = new Map([...model.graph.initializers].map(([v, t]) => [v.name, t]));
  const moved = [...run.model.graph.initializers].some(([v, t]) =>
    t.data.some((x, i) => x !== before.get(v.name)?.data[i]),
  );
  if (!moved) throw new Wrong("training moved no weight");
  await shrink(run.model, { engine, random: 1 });
}
