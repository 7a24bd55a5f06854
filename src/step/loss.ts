/** Losses: mean over the batch, and where labels are classes the number of correct answers. */

import { EspalierError, UsageError } from "../error.ts";
import type { Builder } from "../graph/builder.ts";
import { opOf } from "../graph/ops/index.ts";
import { i32Range } from "../graph/tensor.ts";
import type { DType, Graph, Value } from "../graph/types.ts";
import { producers } from "../graph/walk.ts";
import { named, say } from "../message.ts";
import { nearest } from "../nearest.ts";

/** A loss: what it does with a model's output and the labels. */
export interface Loss {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** "class": int32 [N], indices. "target": float32, the output's shape. */
  readonly labels: "class" | "target";
  /** Emits the loss [] and, for classes, the number of correct answers []. */
  apply(g: Builder, output: Value, labels: Value): { loss: Value; correct?: Value };
}

/** 1 where the label is the column, else 0: float32 [N, K]. */
function oneHot(g: Builder, labels: Value, classes: number): Value {
  const columns = g.constant(i32Range(classes));
  return g.Cast(g.Equal(g.Unsqueeze(labels, { axes: [1] }), columns), { to: "float32" });
}

/**
 * Softmax cross-entropy on logits [N, K] with int32 class indices [N].
 * @param labelSmoothing share of the target spread evenly over all classes, as torch's; default 0
 */
export function crossEntropy({ labelSmoothing = 0 }: { labelSmoothing?: number } = {}): Loss {
  if (!(labelSmoothing >= 0 && labelSmoothing < 1))
    throw new UsageError("out-of-range", say`${named("labelSmoothing")} is out of range`, {
      got: labelSmoothing,
      wanted: "[0, 1)",
    });
  return {
    name: "crossEntropy",
    options: { labelSmoothing },
    labels: "class",
    apply(g, output, labels) {
      const [n, k] = output.shape;
      if (output.shape.length !== 2)
        throw new EspalierError("missing", "cross-entropy wants one row of logits per sample", {
          output: output.name,
          got: `[${output.shape}]`,
          wanted: "[N, K]",
        });
      const y = oneHot(g, labels, k);
      const target = labelSmoothing ? g.Add(g.Mul(y, 1 - labelSmoothing), labelSmoothing / k) : y;
      const likelihood = g.ReduceSum(g.Mul(g.LogSoftmax(output), target), { keepdims: 0 });
      const best = g.Cast(g.ArgMax(output, { axis: 1, keepdims: 0 }), { to: "int32" });
      const correct = g.ReduceSum(g.Cast(g.Equal(best, labels), { to: "float32" }), { keepdims: 0 });
      return { loss: g.Mul(likelihood, -1 / n), correct };
    },
  };
}

/** Mean squared error over all elements, as torch.nn.MSELoss. Labels have the output's shape. */
export const meanSquaredError = (): Loss => ({
  name: "mse",
  options: {},
  labels: "target",
  apply(g, output, labels) {
    const d = g.Sub(output, labels);
    return { loss: g.ReduceMean(g.Mul(d, d), { keepdims: 0 }) };
  },
});

/** Binary cross-entropy on logits, mean over all elements, as torch.nn.BCEWithLogitsLoss. */
export const binaryCrossEntropy = (): Loss => ({
  name: "bce",
  options: {},
  labels: "target",
  apply(g, x, y) {
    // −log σ(x)·y − log(1 − σ(x))·(1 − y) = softplus(x) − x·y, with softplus(x) = max(x, 0) + log(1 + e^{−|x|})
    const softplus = g.Add(g.Relu(x), g.Log(g.Add(g.Exp(g.Neg(g.Abs(x))), 1)));
    return { loss: g.ReduceMean(g.Sub(softplus, g.Mul(x, y)), { keepdims: 0 }) };
  },
});

/**
 * The value a loss attaches to. Cross-entropy on probabilities or their logarithms uses the logits they are made of.
 * @param name of the output. Default: the first
 * @returns the value and a sentence about the choice, if one was made
 * @throws UsageError naming the nearest output when there is none of that name
 */
export function lossInput(graph: Graph, loss: Loss, name?: string): { output: Value; note?: string } {
  const output = name === undefined ? graph.outputs[0] : outputOf(graph, name);
  const made = producers(graph).get(output);
  if (loss.name !== "crossEntropy" || !made || !opOf(made.op, made.domain)?.probabilities) return { output };
  return {
    output: made.inputs[0]!,
    note: `output ${output.name} is a ${made.op}: cross-entropy uses its input ${made.inputs[0]!.name}`,
  };
}

function outputOf(graph: Graph, name: string): Value {
  const found = graph.outputs.find((v) => v.name === name);
  if (found) return found;
  const names = graph.outputs.map((v) => v.name);
  throw new UsageError(
    "unknown-name",
    `the model has no output ${name}`,
    { got: name, wanted: names.join(", ") },
    `did you mean ${nearest(name, names)}?`,
  );
}

/** Type of a batch's labels. */
export type LabelType = { readonly dtype: DType; readonly shape: readonly number[] };
export const labelType = (loss: Loss, output: Value): LabelType =>
  loss.labels === "class" ? { dtype: "int32", shape: [output.shape[0]] } : { dtype: "float32", shape: output.shape };
