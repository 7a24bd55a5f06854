/** Espalier's side of the step benchmark: the stepper that `train` uses, on one batch of random images. */
import { node } from "../src/engine/node.ts";
import { size } from "../src/graph/tensor.ts";
import { Random } from "../src/math/random.ts";
import { builtIns } from "../src/models/index.ts";
import type { InputPlan } from "../src/step/input.ts";
import { crossEntropy } from "../src/step/loss.ts";
import { Sessions } from "../src/train/sessions.ts";
import { State } from "../src/train/state.ts";
import { Stepper } from "../src/train/stepper.ts";
import { type Method, schedule } from "./method.ts";

/** What `n` steps took. */
export interface Timing {
  /** Mean milliseconds per step. */
  readonly ms: number;
  /** The last step's loss; finite when the steps were sound. */
  readonly loss: number;
}

/** A training program that stands ready: Espalier's or PyTorch's. */
export interface Side {
  readonly version: string;
  steps(n: number): Promise<Timing>;
  close(): Promise<void>;
}

export interface Task {
  /** A built-in model's name. */
  readonly model: string;
  readonly batch: number;
  readonly threads: number;
  readonly method: string;
}

/** Builds and loads the step of a task. */
export async function ours({ model: name, batch: count, threads }: Task, method: Method): Promise<Side> {
  const engine = node({ threads });
  const build = builtIns.get(name)!;
  const model = build({ seed: 1 });
  const sample = build.spec.input;
  const half = Array.from({ length: sample[0] }, () => 0.5);
  const input: InputPlan = { dtype: "uint8", sample, normalization: { mean: half, std: half } };
  const { graph } = model;
  const penalty = method.penalty?.bind(graph);
  const optimizer = method.optimizer.bind?.({ graph, penalty, seed: 1 }) ?? method.optimizer;
  const plan = { input, loss: crossEntropy(), optimizer, penalty };
  const sessions = new Sessions(engine, model, plan);
  const state = new State(engine, graph, optimizer);
  const stepper = new Stepper(engine, sessions, state, plan, []);
  await stepper.restart();

  const random = new Random(1, "digits");
  const x = new Uint8Array(count * size(sample)).map(() => random.int(256));
  const y = new Int32Array(count).map(() => random.int(build.spec.classes));
  let step = 0;
  const once = (by = stepper) => {
    const now = { epoch: 0, step: step++, stepsPerEpoch: 1e6, epochs: 1 };
    return by.step({ x, y, count, ...now }, now, 1, schedule, 1);
  };
  for (const kind of Object.keys(optimizer.kinds ?? {})) {
    // once by each kind, so that no session is compiled inside a timed round
    const { clock } = optimizer;
    const always = { ...clock, tick: (...at: Parameters<typeof clock.tick>) => ({ ...clock.tick(...at), kind }) };
    await once(new Stepper(engine, sessions, state, { ...plan, optimizer: { ...optimizer, clock: always } }, []));
  }

  return {
    version: `${engine.name} ${engine.version}`,
    async steps(n) {
      const start = performance.now();
      let loss = Number.NaN;
      for (let i = 0; i < n; i++) ({ loss } = await once());
      return { ms: (performance.now() - start) / n, loss };
    },
    close: () => sessions.release(),
  };
}
