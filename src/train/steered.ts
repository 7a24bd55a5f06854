/** Where a run stands on its way to a size. */
import { UsageError } from "../error.ts";
import { tensor } from "../graph/tensor.ts";
import type { Model, Tensor } from "../graph/types.ts";
import { named, say } from "../message.ts";
import { hasGivenWeights } from "../onnx/given-weights.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { Penalty } from "../prox/penalty.ts";
import { names } from "../step/names.ts";
import { withTensors } from "../step/parameters.ts";
import type { Selection } from "./freeze.ts";
import type { Steering, SteeringRecord } from "./steering.ts";
import type { Trainer } from "./trainer.ts";

/** What of a run's options it looks at. */
interface Steerable extends Selection {
  readonly epochs: number;
  readonly optimizer: Optimizer;
  readonly penalty?: Penalty;
}

export class Steered {
  private readonly steering: Steering;
  private readonly initial: Model;
  private readonly options: Steerable;
  private readonly cutAfter: number;
  private state: SteeringRecord = { strength: 1, kept: 1, cut: false };
  private masks: ReadonlyMap<string, Tensor> = new Map();

  /**
   * @param initial the model that the run begins with
   * @throws UsageError when a run with this optimizer and penalty cannot be steered
   */
  constructor(steering: Steering, initial: Model, options: Steerable) {
    checkSteered(options.optimizer, options.penalty);
    this.steering = steering;
    this.initial = initial;
    this.options = options;
    this.cutAfter = steering.cutAfter(options.epochs, hasGivenWeights(initial));
  }

  /** @throws EspalierError when the target is out of reach */
  async check(): Promise<void> {
    await this.steering.check(this.initial, this.options);
  }

  /** Whether the structure stands: what is zero then stays zero. */
  get stands(): boolean {
    return this.state.cut;
  }

  /** What λ is multiplied by at the next step. */
  get strength(): number {
    return this.state.strength;
  }

  /** What an epoch's metrics say of it. */
  get metrics() {
    return { kept: this.state.kept, ...(!this.state.cut && { strength: this.state.strength }) };
  }

  /** What of the checkpoint is no tensor. */
  get saved(): { readonly steering: SteeringRecord } {
    return { steering: this.state };
  }

  /** What of the checkpoint is tensors: the masks, a byte for each element. */
  *tensors(): Generator<[string, Tensor]> {
    for (const [name, { shape, data }] of this.masks)
      yield [names.structure(name), tensor("uint8", shape, Uint8Array.from(data as Float32Array))];
  }

  /** A trainer that stands where that of a checkpoint stood, before it gets the checkpoint's tensors. */
  async restore(trainer: Trainer, state: SteeringRecord, tensors: ReadonlyMap<string, Tensor>): Promise<Trainer> {
    this.state = state;
    if (!state.cut) return trainer;
    const prefix = names.structure("");
    this.masks = new Map(
      [...tensors].flatMap(([name, { shape, data }]) =>
        name.startsWith(prefix)
          ? [[name.slice(prefix.length), tensor("float32", shape, Float32Array.from(data as Uint8Array))] as const]
          : [],
      ),
    );
    return trainer.within(trainer.initialWeights, this.masks);
  }

  /**
   * After the steps of an epoch: moves λ, or cuts.
   * @param epoch finished epochs, this one included
   * @returns the trainer that goes on
   */
  async after(epoch: number, trainer: Trainer): Promise<Trainer> {
    const { steering, state } = this;
    const { cutAfter } = this;
    if (state.cut) return trainer;
    const weights = await trainer.weights();
    const model = this.withWeights(weights);
    const dual = await trainer.dual();
    const sparse = dual ? this.withWeights(new Map([...weights, ...dual])) : model;
    if (epoch < cutAfter) {
      const kept = steering.measure(sparse);
      this.state = { kept, cut: false, strength: steering.strength(state.strength, kept, epoch, cutAfter) };
      return trainer;
    }
    const cut = await steering.cut(model, sparse, this.initial, this.options);
    this.masks = cut.masks;
    this.state = { strength: state.strength, kept: steering.measure(cut.model), cut: true };
    return trainer.within(new Map([...cut.model.graph.initializers].map(([v, t]) => [v.name, t])), cut.masks);
  }

  private withWeights(weights: ReadonlyMap<string, Tensor>): Model {
    return { ...this.initial, graph: withTensors(this.initial.graph, weights) };
  }
}

function checkSteered(optimizer: Optimizer, penalty: Penalty | undefined): void {
  const wrong = (what: string, got: string, fix: string) => new UsageError("conflict", what, { got }, fix);
  const { lambda } = penalty?.options ?? {};
  if (!penalty || typeof lambda !== "number" || penalty.ways.includes("host"))
    throw new UsageError(
      "conflict",
      "a target wants a penalty whose lambda makes groups zero",
      { got: penalty ? say`${named(penalty.name)}` : "no penalty" },
      say`take ${named("groupLasso")}`,
    );
  if (lambda === 0)
    throw wrong("a lambda of 0 leads to no target", "lambda 0", "begin with 1e-4: it is steered from there");
  if (optimizer.beginsAtZero)
    throw new UsageError(
      "conflict",
      say`${named(optimizer.name)} begins at 0, so that it cannot go on from a structure that was cut`,
      { got: say`${named(optimizer.name)}` },
      say`take ${named("rmda")}`,
    );
}
