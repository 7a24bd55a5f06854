/** The running statistics that a run's epochs are evaluated by, where these are not those that the steps carry along. */
import type { Dataset } from "../data/dataset.ts";
import type { Graph, Tensor } from "../graph/types.ts";
import { runningStatistics } from "../graph/walk.ts";
import { names } from "../step/names.ts";
import type { Resolved } from "./options.ts";
import type { Trainer } from "./trainer.ts";

export class EvaluationStatistics {
  /** Of the last finished epoch, by name; empty where evaluation goes by what the steps carry. */
  tensors: ReadonlyMap<string, Tensor> = new Map();
  private readonly data: Dataset;
  private readonly options: Pick<Resolved, "preciseStatistics" | "batchSize" | "accumulate">;

  constructor(data: Dataset, options: Pick<Resolved, "preciseStatistics" | "batchSize" | "accumulate">) {
    this.data = data;
    this.options = options;
  }

  /** Takes them anew, in batches as large as a step's are. @returns for an epoch's metrics: the seconds that it took */
  async renew(trainer: Trainer): Promise<{ readonly statisticsSeconds?: number }> {
    const { preciseStatistics: batches, batchSize, accumulate } = this.options;
    if (batches === false) return {};
    const begun = performance.now();
    const size = Math.max(2, Math.ceil(batchSize / accumulate));
    this.tensors = await trainer.statistics(this.data, { batches, batchSize: size });
    return { statisticsSeconds: (performance.now() - begun) / 1000 };
  }

  /** As a checkpoint keeps them. */
  get saved(): [name: string, Tensor][] {
    return [...this.tensors].map(([name, t]) => [names.statistics(name), t]);
  }

  restore(checkpoint: ReadonlyMap<string, Tensor>, graph: Graph): void {
    const found = [...runningStatistics(graph)].map(
      ({ name }) => [name, checkpoint.get(names.statistics(name))] as const,
    );
    this.tensors = new Map(found.flatMap(([name, t]) => (t ? [[name, t]] : [])));
  }
}
