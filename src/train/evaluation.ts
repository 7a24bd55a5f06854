/** How a run judges itself: before its first step, and at the end of each epoch. */
import type { Dataset } from "../data/dataset.ts";
import type { Split } from "../data/split.ts";
import type { Model, Tensor } from "../graph/types.ts";
import { runningStatistics } from "../graph/walk.ts";
import type { EpochMetrics } from "../report/results.ts";
import { names } from "../step/names.ts";
import { storedWeights } from "../step/parameters.ts";
import type { Resolved } from "./options.ts";
import type { Score } from "./score.ts";
import type { Trainer } from "./trainer.ts";

type Scores = Pick<EpochMetrics, "testLoss" | "testAccuracy" | "valLoss" | "valAccuracy" | "statisticsSeconds">;

export class Evaluation {
  /** Of the test samples, by the model as it was given; undefined where that is not asked for. */
  baseline: Score | undefined;
  /** The running statistics that the last epoch was judged by, by name; none where those that steps carry are used. */
  statistics: ReadonlyMap<string, Tensor> = new Map();
  private readonly model: Model;
  private readonly data: Dataset;
  private readonly options: Resolved;

  constructor(model: Model, data: Dataset, options: Resolved) {
    this.model = model;
    this.data = data;
    this.options = options;
  }

  /** Scores the model as it was given, if that is asked for. */
  async begin(trainer: Trainer): Promise<void> {
    if (!this.options.baseline) return;
    this.baseline = await trainer.score(this.data.test, storedWeights(this.model.graph));
    this.options.onBaseline?.(this.baseline);
  }

  /**
   * Scores the weights as they stand, with running statistics taken anew where that is asked for, in batches as large as a step's are.
   * @param scored false in epochs that are not scored: they have statistics, for the model that they leave, and nothing else
   */
  async judge(trainer: Trainer, scored: boolean): Promise<Scores> {
    const { data } = this;
    const { preciseStatistics: batches, batchSize, accumulate } = this.options;
    const begun = performance.now();
    if (batches !== false) {
      const size = Math.max(2, Math.ceil(batchSize / accumulate));
      this.statistics = await trainer.statistics(data, { batches, batchSize: size });
    }
    const statisticsSeconds = (performance.now() - begun) / 1000;
    const score = async (split: Split) =>
      scored ? await trainer.score(split, this.statistics) : { loss: null, accuracy: null };
    const test = await score(data.test);
    const val = data.val && (await score(data.val));
    return {
      testLoss: test.loss,
      testAccuracy: test.accuracy,
      ...(val && { valLoss: val.loss, valAccuracy: val.accuracy }),
      ...(batches !== false && { statisticsSeconds }),
    };
  }

  /** Weights as they were judged: after the last step of an epoch with the running statistics that it was judged by. */
  judged(weights: ReadonlyMap<string, Tensor>, step: number): ReadonlyMap<string, Tensor> {
    return step === 0 ? new Map([...weights, ...this.statistics]) : weights;
  }

  /** As a checkpoint keeps it beside its tensors. */
  get record(): { readonly baseline?: Score } {
    return this.baseline ? { baseline: this.baseline } : {};
  }

  /** As a checkpoint's tensors. */
  get tensors(): [name: string, Tensor][] {
    return [...this.statistics].map(([name, t]) => [names.statistics(name), t]);
  }

  /** Goes on from a checkpoint. */
  restore({ baseline }: { readonly baseline?: Score }, tensors: ReadonlyMap<string, Tensor>): void {
    this.baseline = baseline;
    const running = [...runningStatistics(this.model.graph)];
    const found = running.map(({ name }) => [name, tensors.get(names.statistics(name))] as const);
    this.statistics = new Map(found.flatMap(([name, t]) => (t ? [[name, t]] : [])));
  }
}
