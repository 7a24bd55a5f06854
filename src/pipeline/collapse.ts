/** Whether a run ended at guessing, what in the model causes it, and what to change. */
import { type Engine, runOnce } from "../engine/engine.ts";
import { aDataset, aList, aModel, aNumber, anObject, orNull, wants } from "../given.ts";
import { atBatch } from "../graph/bind.ts";
import { numbers } from "../graph/tensor.ts";
import type { Graph, Model } from "../graph/types.ts";
import { named, say, type Words } from "../message.ts";
import { encode } from "../onnx/write.ts";
import { percent } from "../report/format.ts";
import type { Collapse } from "../report/results.ts";
import { parameters } from "../step/parameters.ts";
import { guessing, isGuessing } from "../train/guessing.ts";
import { modelInputs } from "../train/model-inputs.ts";
import type { Run } from "../train/run.ts";

/** Samples that a model is looked at with. */
const SAMPLES = 16;

/**
 * What became of a run whose model answers no better than guessing.
 * @param accuracy on the test samples
 * @returns undefined for a run that learned, and outside classification
 */
export async function collapseOf(run: Run, full: Model, accuracy: number | null): Promise<Collapse | undefined> {
  wants(
    "collapseOf",
    ["run", anObject, run],
    ["run.options", anObject, run, "options"],
    ["data", aDataset, run, "data"],
    ["full", aModel, full],
    ["accuracy", orNull(aNumber), accuracy],
  );
  const by = guessing(run.data.test, run.options.terms);
  if (accuracy === null || !by || !isGuessing(accuracy, by)) return undefined;
  const zeroWeights = wholly(full.graph);
  const alike = await alikeFrom(run, full);
  return {
    guessing: by.accuracy,
    zeroWeights,
    ...(alike && { alikeFrom: alike }),
    fix: fixOf(run, zeroWeights.length),
  };
}

/** In a sentence: that it is collapse, and what caused it. */
export function collapseWords(collapse: Collapse, accuracy: number): string {
  wants(
    "collapseWords",
    ["collapse", anObject, collapse],
    ["zeroWeights", aList, collapse, "zeroWeights"],
    ["guessing", aNumber, collapse, "guessing"],
    ["accuracy", aNumber, accuracy],
  );
  const { guessing, zeroWeights, alikeFrom } = collapse;
  const all =
    zeroWeights.length > 3
      ? `${zeroWeights.slice(0, 3).join(", ")} and ${zeroWeights.length - 3} more`
      : zeroWeights.join(", ");
  const cause = [
    ...(zeroWeights.length > 0 ? [`all of ${all} became zero`] : []),
    ...(alikeFrom
      ? [
          `from ${alikeFrom.node} (${alikeFrom.op}) on every sample gives the same${alikeFrom.zero ? ", zeros: its units are dead" : ""}`,
        ]
      : []),
  ];
  return [
    `the model collapsed: test accuracy ${percent(accuracy)}, where always answering the most frequent class has ${percent(guessing)}`,
    cause.length > 0 ? cause.join("; ") : "no layer is wholly zero: it did not learn",
  ].join("; ");
}

/** Weights of two axes or more in which every number is zero. */
const wholly = (graph: Graph): string[] =>
  parameters(graph).trained.flatMap((v) =>
    v.shape.length > 1 && numbers(graph.initializers.get(v)!).every((x) => x === 0) ? [v.name] : [],
  );

/** The first node whose output is the same for all samples although it reads what is not. */
async function alikeFrom({ data, options }: Run, model: Model): Promise<Collapse["alikeFrom"]> {
  const { engine, normalization } = options;
  const count = Math.min(SAMPLES, data.test.count);
  const graph = atBatch(model, count);
  if (count < 2 || graph.inputs.some((v) => v.shape[0] !== count)) return undefined;
  const seen = graph.nodes.flatMap((node) =>
    node.outputs.flatMap((v) => (v?.dtype === "float32" && v.shape[0] === count ? [{ node, v }] : [])),
  );
  const inputs = await modelInputs(model, data, { engine, count, normalization: normalization ?? null });
  const values = await valuesOf(engine, { ...graph, outputs: seen.map(({ v }) => v) }, inputs);
  const first = seen.find(({ v }) => rowsAlike(values[v.name], count));
  return first && { node: first.node.name, op: first.node.op, zero: values[first.v.name].every((x) => x === 0) };
}

async function valuesOf(
  engine: Engine,
  graph: Graph,
  inputs: Awaited<ReturnType<typeof modelInputs>>,
): Promise<Readonly<Record<string, ArrayLike<number> & { every(test: (x: number) => boolean): boolean }>>> {
  const session = await engine.load(encode(graph));
  try {
    const out = await runOnce(session, engine, inputs);
    return Object.fromEntries(Object.entries(out).map(([name, t]) => [name, t.data as Float32Array]));
  } finally {
    await session.release();
  }
}

function rowsAlike(data: ArrayLike<number>, count: number): boolean {
  const width = data.length / count;
  for (let i = width; i < data.length; i++) if (data[i] !== data[i % width]) return false;
  return true;
}

function fixOf({ options }: Run, zeroWeights: number): Words {
  const { penalty, lambdaWarmup, epochs } = options;
  const lambda = penalty?.options["lambda"];
  if (lambda === undefined || zeroWeights === 0)
    return say`try a smaller ${named("lr")} or a warm-up of it, more ${named("epochs")}, or another ${named("seed")}`;
  return say`try a smaller ${named("lambda")} (it was ${Number(lambda)}), a longer ${named("lambdaWarmup")} (it was ${lambdaWarmup} of ${epochs} epochs), or another ${named("seed")}: whether a strong penalty empties a deep network depends on its first weights`;
}
