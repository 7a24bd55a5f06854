/** What the ranks of a run add up at each step, as one message: gradients, running statistics, what the step reports. */
import type { DeviceTensors, Engine } from "../../engine/engine.ts";
import { size, tensor } from "../../graph/tensor.ts";
import type { Tensor, Value } from "../../graph/types.ts";
import { names } from "../../step/names.ts";
import type { Communicator } from "./communicator.ts";

/** What one rank brings. */
export interface OwnStep {
  /** Sums over its samples, as inputs of `update`; none where it had no samples. */
  readonly gradients: DeviceTensors;
  /** Its running statistics by their own names. */
  readonly running: ReadonlyMap<string, Tensor>;
  /** Its share of the batch's samples. */
  readonly share: number;
  /** Of its samples: the loss times its share, and the correct answers. */
  readonly loss: number;
  readonly correct: number;
}

/** What all have afterwards. */
export interface WholeStep {
  /** Gradients of the whole batch, as inputs of `update`. */
  readonly gradients: Readonly<Record<string, Tensor>>;
  /** Running statistics: the ranks' own, weighed by their samples. */
  readonly running: ReadonlyMap<string, Tensor>;
  readonly loss: number;
  readonly correct: number;
}

/** One buffer for all steps: tensors lie in it one after the other, behind the two numbers that a step reports. */
export class RankSum {
  private readonly engine: Engine;
  private readonly communicator: Communicator;
  private readonly message: Float32Array<ArrayBuffer>;
  /** Views of the message. */
  private readonly gradients: ReadonlyMap<string, Tensor>;
  private readonly running: ReadonlyMap<string, Tensor>;

  constructor(
    engine: Engine,
    communicator: Communicator,
    { trained, statistics: running }: { readonly trained: readonly Value[]; readonly statistics: readonly Value[] },
  ) {
    const numbers = 2;
    const sizes = [...trained, ...running].map(({ shape }) => size(shape));
    const message = new Float32Array(sizes.reduce((a, b) => a + b, numbers));
    let at = numbers;
    const viewsOf = (values: readonly Value[], name: (of: string) => string) =>
      new Map(
        values.map(({ name: of, shape }) => {
          const from = at;
          at += size(shape);
          return [name(of), tensor("float32", shape, message.subarray(from, at))];
        }),
      );
    this.engine = engine;
    this.communicator = communicator;
    this.message = message;
    this.gradients = viewsOf(trained, names.gradient);
    this.running = viewsOf(running, (name) => name);
  }

  /** The tensors of the result are overwritten by the next step's. */
  async sum(mine: OwnStep): Promise<WholeStep> {
    const { message, engine } = this;
    message.fill(0);
    message[0] = mine.loss;
    message[1] = mine.correct;
    for (const [name, { data }] of this.gradients) {
      const own = mine.gradients[name];
      if (own) (data as Float32Array).set((await engine.download(own)).data as Float32Array);
    }
    for (const [name, { data }] of this.running) {
      const own = mine.running.get(name)!.data as Float32Array;
      const into = data as Float32Array;
      for (let i = 0; i < own.length; i++) into[i] = own[i] * mine.share;
    }
    await this.communicator.allreduce(message);
    const { gradients, running } = this;
    return { gradients: Object.fromEntries(gradients), running, loss: message[0], correct: message[1] };
  }
}
