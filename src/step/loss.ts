/** Losses: mean over the batch, and where labels are classes the number of correct answers. */

import { EspalierError, UsageError } from "../error.ts";
import { aNumber, anObject, maybe, wants } from "../given.ts";
import type { Builder } from "../graph/builder.ts";
import { i32Range, sameShape, size, tensor } from "../graph/tensor.ts";
import type { Graph, Value } from "../graph/types.ts";
import { named, option, say } from "../message.ts";
import { didYouMean } from "../nearest.ts";
import { type Squash, type Squashed, squashedEnd } from "./output-forms.ts";
import type { LossTerm } from "./plan.ts";

/** A loss: what it does with a model's output and the labels. */
export interface Loss {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** "class": int32 [N], indices, or one for each place [N, …]. "target": float32, the output's shape. "none": the output is the loss. */
  readonly labels: "class" | "target" | "none";
  /** What it makes of the output first: that wants to be logits, and where it is their softmax or sigmoid already the logits are used. */
  readonly takes?: Squash;
  /**
   * Emits the loss [] and, for classes, the number of correct answers []: of places, the share of correct ones times N.
   * @param known of labels of places: by how many the sum over those that count is divided. Default: by their number
   */
  apply(g: Builder, output: Value, labels: Value, known?: Value): { loss: Value; correct?: Value };
  /** The same with the classes on an axis of the output that is known. */
  along?(classAxis: number): Loss;
}

/** 1 where the label is the column, else 0: float32 [N, K]. */
function oneHot(g: Builder, labels: Value, classes: number): Value {
  const columns = g.constant(i32Range(classes));
  return g.Cast(g.Equal(g.Unsqueeze(labels, { axes: [1] }), columns), { to: "float32" });
}

/** Options of `crossEntropy`. */
export interface CrossEntropyOptions {
  /** Share of the target spread evenly over all classes, as torch's. Default 0. */
  readonly labelSmoothing?: number;
  /** Which axis of the logits the classes are on. Default: the one that the labels do not have. */
  readonly classAxis?: number;
}

/**
 * Softmax cross-entropy on logits [N, K] with int32 class indices [N], mean over the batch; or on logits that have a label for each
 * place – [N, T, K] with [N, T], [N, K, H, W] with [N, H, W] –, mean over the labels that are not -100 (torch's `ignore_index`).
 */
export function crossEntropy(options: CrossEntropyOptions = {}): Loss {
  wants("crossEntropy", ["options", anObject, options], ["classAxis", maybe(aNumber), options, "classAxis"]);
  const { labelSmoothing = 0, classAxis } = options;
  if (!(labelSmoothing >= 0 && labelSmoothing < 1))
    throw new UsageError("out-of-range", say`${named("labelSmoothing")} is out of range`, {
      got: labelSmoothing,
      wanted: "[0, 1)",
    });
  return {
    name: "crossEntropy",
    options: { labelSmoothing, ...(classAxis !== undefined && { classAxis }) },
    labels: "class",
    takes: "softmax",
    along: (axis) => crossEntropy({ ...options, classAxis: axis }),
    apply(g, output, labels, known) {
      const axis = axisOfClasses(output, labels.shape, classAxis);
      if (output.shape.length !== 2) return ofPlaces(g, output, labels, { axis, smoothing: labelSmoothing, known });
      const [n, k] = output.shape;
      const y = oneHot(g, labels, k);
      const target = labelSmoothing ? g.Add(g.Mul(y, 1 - labelSmoothing), labelSmoothing / k) : y;
      const likelihood = g.ReduceSum(g.Mul(g.LogSoftmax(output), target), { keepdims: 0 });
      const best = g.Cast(g.ArgMax(output, { axis: 1, keepdims: 0 }), { to: "int32" });
      const correct = g.ReduceSum(g.Cast(g.Equal(best, labels), { to: "float32" }), { keepdims: 0 });
      return { loss: g.Mul(likelihood, -1 / n), correct };
    },
  };
}

/** The axis of logits that labels do not have. */
export function axisOfClasses(output: Value, labels: readonly number[], asked?: number): number {
  const axes = output.shape.flatMap((_, a) => (a > 0 && sameShape(output.shape.toSpliced(a, 1), labels) ? [a] : []));
  const chosen =
    asked === undefined ? axes : axes.filter((a) => a === (asked < 0 ? asked + output.shape.length : asked));
  if (chosen.length === 1) return chosen[0];
  const details = { output: output.name, got: `logits [${output.shape}] and labels [${labels}]` };
  if (chosen.length > 1)
    throw new EspalierError(
      "missing",
      "it cannot be told which axis of the logits the classes are on",
      { ...details, wanted: `one of the axes ${axes.join(", ")}` },
      say`say it by ${option("classAxis")}`,
    );
  throw new EspalierError(
    "mismatch",
    "cross-entropy wants logits of the labels' shape and one axis more, the classes",
    {
      ...details,
      wanted: asked === undefined ? "[N, K] and [N], or a label for each place" : `classes on axis ${asked}`,
    },
  );
}

/** With a label for each place, of which those that are no class count for nothing. */
function ofPlaces(
  g: Builder,
  output: Value,
  labels: Value,
  { axis, smoothing, known: given }: { axis: number; smoothing: number; known?: Value },
) {
  const k = output.shape[axis];
  const columns = g.constant({ ...i32Range(k), shape: output.shape.map((_, a) => (a === axis ? k : 1)) });
  const float = (v: Value) => g.Cast(v, { to: "float32" });
  const known = float(g.Less(g.constant(tensor("int32", [], Int32Array.of(-1))), labels));
  const number = given ?? g.Max([g.ReduceSum(known, { keepdims: 0 }), g.scalar(1)]);
  const y = float(g.Equal(g.Unsqueeze(labels, { axes: [axis] }), columns));
  const spread = () => g.Mul(g.Unsqueeze(known, { axes: [axis] }), smoothing / k);
  const target = smoothing ? g.Add(g.Mul(y, 1 - smoothing), spread()) : y;
  const likelihood = g.ReduceSum(g.Mul(g.LogSoftmax(output, { axis }), target), { keepdims: 0 });
  const best = g.Cast(g.ArgMax(output, { axis, keepdims: 0 }), { to: "int32" });
  const right = g.ReduceSum(g.Mul(float(g.Equal(best, labels)), known), { keepdims: 0 });
  return { loss: g.Div(g.Neg(likelihood), number), correct: g.Div(g.Mul(right, output.shape[0]), number) };
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

/** Mean absolute error over all elements, as torch.nn.L1Loss. Labels have the output's shape. */
export const meanAbsoluteError = (): Loss => ({
  name: "l1",
  options: {},
  labels: "target",
  apply: (g, output, labels) => ({ loss: g.ReduceMean(g.Abs(g.Sub(output, labels)), { keepdims: 0 }) }),
});

/** The output itself, of a model that ends in its loss: one number, the mean over the batch. */
export const modelLoss = (): Loss => ({
  name: "modelLoss",
  options: {},
  labels: "none",
  apply(g, output) {
    if (size(output.shape) !== 1)
      throw new EspalierError("mismatch", "a model's own loss is one number", {
        output: output.name,
        got: `[${output.shape}]`,
        wanted: "[], the mean over the batch",
      });
    return { loss: g.Reshape(output, { shape: [] }) };
  },
});

/** Binary cross-entropy on logits, mean over all elements, as torch.nn.BCEWithLogitsLoss. */
export const binaryCrossEntropy = (): Loss => ({
  name: "bce",
  options: {},
  labels: "target",
  takes: "sigmoid",
  apply(g, x, y) {
    // −log σ(x)·y − log(1 − σ(x))·(1 − y) = softplus(x) − x·y, with softplus(x) = max(x, 0) + log(1 + e^{−|x|})
    const softplus = g.Add(g.Relu(x), g.Log(g.Add(g.Exp(g.Neg(g.Abs(x))), 1)));
    return { loss: g.ReduceMean(g.Sub(softplus, g.Mul(x, y)), { keepdims: 0 }) };
  },
});

/** Where a loss attaches. */
export interface LossInput {
  /** The model's output. */
  readonly output: Value;
  /** What the loss is taken of: the output, or the logits that it is made of. */
  readonly from: Value;
  /** A sentence about the choice, if one was made. */
  readonly note?: string;
}

/** The losses that take a softmax or a sigmoid, and what may stand at the output for them. */
const TAKEN: Readonly<Record<Squash, { readonly loss: string; readonly wanted: string }>> = {
  softmax: { loss: "cross-entropy", wanted: "logits, or Softmax or LogSoftmax of them over the classes" },
  sigmoid: { loss: "binary cross-entropy", wanted: "logits, or Sigmoid of them" },
};

/**
 * Where a loss attaches. One that takes the softmax or the sigmoid itself is taken of logits: where the output is made of the same,
 * through whatever leaves it as it is, the logits are used.
 * @param name of the output. Default: the first
 * @throws UsageError naming the nearest output when there is none of that name; EspalierError when the output is probabilities that
 *   the loss would make probabilities of again, and no value of the model stands for the logits
 */
export function lossInput(graph: Graph, loss: Loss, name?: string): LossInput {
  const output = name === undefined ? graph.outputs[0] : outputOf(graph, name);
  const end = loss.takes && squashedEnd(graph, output);
  if (!loss.takes || !end) return { output, from: output };
  const taken = TAKEN[loss.takes];
  const [made, ...behind] = end.nodes.map(({ op }) => op);
  if (end.by === loss.takes && end.is !== "something else" && overClasses(end, output)) {
    const by = behind.length > 0 ? `${made}, then ${behind.join(", ")}` : made;
    return {
      output,
      from: end.logits,
      note: `output ${output.name} is a ${by}: ${taken.loss} uses its input ${end.logits.name}`,
    };
  }
  throw new EspalierError(
    "mismatch",
    `${taken.loss} makes probabilities of logits itself, and the output holds none`,
    {
      output: output.name,
      got: [made, ...behind].join(", then "),
      wanted: taken.wanted,
    },
    say`export the model up to ${end.logits.name}, or with that as an output, and name it by ${named("output")}`,
  );
}

/** Whether each row of the output is a whole softmax; of a sigmoid each number is one. */
function overClasses({ by, logits, axis = 0 }: Squashed, output: Value): boolean {
  if (by === "sigmoid") return true;
  const at = axis < 0 ? axis + logits.shape.length : axis;
  return at > 0 && logits.shape.every((d, i) => i === 0 || i === at || d === 1) && output.shape[0] === logits.shape[0];
}

/** The value in the other's shape and element type, its elements in their order. */
export function arrangedAs(g: Builder, value: Value, { shape, dtype }: Pick<Value, "shape" | "dtype">): Value {
  const arranged = sameShape(value.shape, shape) ? value : g.Reshape(value, { shape });
  return arranged.dtype === dtype ? arranged : g.Cast(arranged, { to: dtype });
}

export function outputOf(graph: Graph, name: string): Value {
  const found = graph.outputs.find((v) => v.name === name);
  if (found) return found;
  const names = graph.outputs.map((v) => v.name);
  throw new UsageError(
    "unknown-name",
    `the model has no output ${name}`,
    { got: name, wanted: names.join(", ") },
    didYouMean(name, names),
  );
}

/** How labels travel. */
export interface LabelPlan {
  /** Which of the batch's further arrays they are; undefined = y. */
  readonly more?: string;
  readonly dtype: "int32" | "float32";
  /** Shape of one sample's. */
  readonly sample: readonly number[];
  /** Whether there is a class for each place, of which some may not count: their number travels too. */
  readonly ofPlaces?: boolean;
  /** Whether the sample's first axis counts places, of which batches may have fewer. */
  readonly byPlace?: boolean;
}

/** How the labels of a term travel; undefined where it has none. */
export function labelPlan({ loss, more, places = [], byPlace }: LossTerm, output: Value): LabelPlan | undefined {
  if (loss.labels === "none") return undefined;
  return loss.labels === "class"
    ? {
        more,
        dtype: "int32",
        sample: places,
        ...(places.length > 0 && { ofPlaces: true }),
        ...(byPlace && { byPlace }),
      }
    : { more, dtype: "float32", sample: output.shape.slice(1) };
}

/** How the labels of all terms travel. @param graph the model at any batch size */
export const labelPlans = (graph: Graph, terms: readonly LossTerm[]): LabelPlan[] =>
  terms.flatMap((term) => labelPlan(term, lossInput(graph, term.loss, term.output).output) ?? []);

/** How second classes and the share of the first travel to a step, beside the labels. */
export const mixedPlans = (terms: readonly LossTerm[]): LabelPlan[] =>
  terms.flatMap(({ mixed }): LabelPlan[] =>
    mixed
      ? [
          { more: mixed.partner, dtype: "int32", sample: [] },
          { more: mixed.share, dtype: "float32", sample: [] },
        ]
      : [],
  );
