/** Espalier's side of the step benchmark: the trainer that `train` uses, on one batch of random images. */
import { node } from "../src/engine/node.ts";
import { size } from "../src/graph/tensor.ts";
import { Random } from "../src/math/random.ts";
import { builtIns } from "../src/models/index.ts";
import type { InputPlan } from "../src/step/input.ts";
import { crossEntropy } from "../src/step/loss.ts";
import type { Communicator } from "../src/train/ranks/communicator.ts";
import { Trainer } from "../src/train/trainer.ts";
import { type Method, schedule } from "./method.ts";

/** What `n` steps took. */
export interface Timing {
  /** Mean milliseconds per step. */
  readonly ms: number;
  /** The last step's loss; finite when the steps were sound. */
  readonly loss: number;
}

/** A training program that stands ready: Espalier's or PyTorch's. */
export interface TimedSide {
  readonly version: string;
  steps(n: number): Promise<Timing>;
  close(): Promise<void>;
}

export interface BenchTask {
  /** A built-in model's name. */
  readonly model: string;
  readonly batch: number;
  readonly threads: number;
  readonly method: string;
}

/** With whom a task is shared: all take steps of the same batch. */
interface Shared {
  readonly communicator?: Communicator;
}

/** Builds and loads the step of a task. */
export async function ours(
  { model: name, batch: count, threads, communicator }: BenchTask & Shared,
  method: Method,
): Promise<TimedSide> {
  const engine = node({ threads });
  const build = builtIns.get(name)!;
  const model = build({ seed: 1 });
  const sample = build.spec.input;
  const half = Array.from({ length: sample[0] }, () => 0.5);
  const input: InputPlan = { dtype: "uint8", sample, normalization: { mean: half, std: half } };
  const terms = [{ loss: crossEntropy() }];
  const options = { ...method, engine, model, inputs: [input], terms, schedule, seed: 1, communicator };
  const trainer = new Trainer(options);
  await trainer.begin();

  const random = new Random(1, "digits");
  const x = new Uint8Array(count * size(sample)).map(() => random.int(256));
  const y = new Int32Array(count).map(() => random.int(build.spec.classes));
  let step = 0;
  const once = () => {
    const now = { epoch: 0, step: step++, stepsPerEpoch: 1e6, epochs: 1 };
    return trainer.step({ x, y, count, ...now }, now, 1);
  };
  await trainer.compile(count); // so that no session is compiled inside a timed round

  return {
    version: `${engine.name} ${engine.version}`,
    async steps(n) {
      const start = performance.now();
      let loss = Number.NaN;
      for (let i = 0; i < n; i++) ({ loss } = await once());
      return { ms: (performance.now() - start) / n, loss };
    },
    close: () => trainer.release(),
  };
}
