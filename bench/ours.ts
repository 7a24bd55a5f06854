/** Espalier's side of the step benchmark: the trainer that `train` uses, on one batch of random samples. */
import type { Engine } from "../src/engine/engine.ts";
import { node } from "../src/engine/node.ts";
import { tune } from "../src/lower/tuning/tune.ts";
import { Random } from "../src/math/random.ts";
import { crossEntropy } from "../src/step/loss.ts";
import type { Communicator } from "../src/train/ranks/communicator.ts";
import { Trainer } from "../src/train/trainer.ts";
import { runtimeOf } from "./machine.ts";
import { type Method, schedule } from "./method.ts";
import { type Network, networkOf } from "./networks.ts";

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
  /** A name of networks.ts. */
  readonly model: string;
  readonly batch: number;
  readonly threads: number;
  readonly method: string;
  /** Computed by what a trial finds fastest on this machine, as long runs do by default; else by the built-in thresholds. */
  readonly tune?: boolean;
  /** Cheap values are computed again in the backward pass, whatever memory is free. */
  readonly recompute?: boolean;
  /** The folder of step_networks.py's files, for the networks that are not built in. */
  readonly files?: string;
}

/** With whom a task is shared: all take steps of the same batch. */
interface Shared {
  readonly communicator?: Communicator;
}

/** A trainer whose step is compiled, and what takes one of it. */
interface Prepared {
  readonly network: Network;
  readonly trainer: Trainer;
  /** One step of always the same batch. @returns its loss */
  once(): Promise<number>;
}

/** Builds and loads the step of a task on an engine. */
export async function prepared(
  { model: name, batch: count, files, tune: tunes, recompute, communicator }: BenchTask & Shared,
  method: Method,
  engine: Engine,
): Promise<Prepared> {
  const network = await networkOf(name, files);
  const terms = [{ loss: crossEntropy() }];
  const of = {
    model: network.model,
    inputs: [network.input],
    terms,
    schedule,
    seed: 1,
    ...(recompute !== undefined && { recompute }),
  };
  const usual = new Trainer({ ...method, ...of, engine, communicator });
  const trainer = tunes ? usual.with({ tuning: (await tune(usual.stepGraph(count), engine)).tuning }) : usual;
  await trainer.begin();
  const batch = network.batch(new Random(1, "digits"), count);
  let step = 0;
  await trainer.compile(count); // so that no session is compiled inside a timed round
  return {
    network,
    trainer,
    async once() {
      const now = { epoch: 0, step: step++, stepsPerEpoch: 1e6, epochs: 1 };
      return (await trainer.step({ ...batch, ...now }, now, 1)).loss;
    },
  };
}

/** The same as a side of a comparison. */
export async function ours(
  task: BenchTask & Shared,
  method: Method,
): Promise<TimedSide & { readonly network: Network }> {
  const engine = node({ threads: task.threads });
  const { network, trainer, once } = await prepared(task, method, engine);
  return {
    version: await runtimeOf(engine),
    network,
    async steps(n) {
      const start = performance.now();
      let loss = Number.NaN;
      for (let i = 0; i < n; i++) loss = await once();
      return { ms: (performance.now() - start) / n, loss };
    },
    close: () => trainer.release(),
  };
}
