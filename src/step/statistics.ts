/** What batches say of a model's normalizations: batch and parameters → mean and variance at each place where running statistics are used. */
import { atBatch } from "../graph/bind.ts";
import type { Graph, Model } from "../graph/types.ts";
import { emitForward } from "./differentiate.ts";
import { type Program, paramInputs, program } from "./frame.ts";
import type { InputPlan } from "./input.ts";
import { names } from "./names.ts";
import { parameters } from "./parameters.ts";

/** @param graph the model at the batch's size */
const statisticsProgram = (graph: Graph, inputs: readonly InputPlan[]): Program =>
  program("statistics", (g, _, observations) => {
    const { trained, running } = parameters(graph);
    const { observed } = emitForward(g, graph, inputs, paramInputs(g, [...trained, ...running]), "statistics");
    for (const [i, { runningMean, runningVar, batch }] of observed.entries()) {
      g.output(batch.mean, names.observed("mean", i));
      g.output(batch.variance, names.observed("variance", i));
      observations.push({ runningMean: runningMean.name, runningVar: runningVar.name, values: batch.values });
    }
  });

/** What batches of any size say. */
export const statisticsPrograms = (model: Model, inputs: readonly InputPlan[]) => ({
  statistics: (n: number) => statisticsProgram(atBatch(model, n), inputs),
});

export type StatisticsPrograms = ReturnType<typeof statisticsPrograms>;
