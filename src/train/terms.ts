/** The terms of a loss: what of a data set's labels goes to which of a model's outputs. */

import { checkProbabilities } from "../data/check.ts";
import { arrayOfColumn, labelsOf, type Named } from "../data/columns.ts";
import type { Dataset } from "../data/dataset.ts";
import { type ErrorDetails, EspalierError, UsageError } from "../error.ts";
import { size } from "../graph/tensor.ts";
import type { Model, Value } from "../graph/types.ts";
import { option, say } from "../message.ts";
import { axisOfClasses, crossEntropy, type Loss, lossInput } from "../step/loss.ts";
import type { LossTerm } from "../step/plan.ts";

/** A loss, and what it is multiplied by in a sum. */
export interface WeightedLoss {
  readonly loss: Loss;
  /** Default 1. */
  readonly weight?: number;
}

/** A loss for each of some outputs, by their names: what is minimized is their sum. */
export type Losses = Readonly<Record<string, Loss | WeightedLoss>>;

export const isLoss = (given: Loss | WeightedLoss | Losses): given is Loss =>
  typeof (given as Partial<Loss>).apply === "function";

/** The losses with the outputs that they are for; undefined = the first. */
function asked(loss: Loss | Losses, output: string | undefined): (WeightedLoss & Pick<LossTerm, "output">)[] {
  if (isLoss(loss)) return [{ loss, output }];
  const terms = Object.entries(loss).map(([output, of]) => (isLoss(of) ? { output, loss: of } : { output, ...of }));
  if (terms.length === 0) throw new UsageError("missing", "there is no loss", { got: "{}" });
  if (output !== undefined)
    throw new UsageError(
      "conflict",
      "the output is said twice",
      { output, losses: terms.map((t) => t.output).join(", ") },
      "name outputs by their losses alone",
    );
  return terms;
}

/**
 * The terms, each checked against its output and its labels.
 * @param loss default `crossEntropy()`
 * @throws UsageError, EspalierError when labels, losses and the model's outputs do not go together
 */
export function lossTerms(
  model: Model,
  data: Dataset,
  loss: Loss | Losses = crossEntropy(),
  output?: string,
): LossTerm[] {
  return asked(loss, output).map(({ loss, output, weight = 1 }) => {
    if (!(weight > 0 && weight < Infinity))
      throw new UsageError("out-of-range", "the weight of a loss is out of range", {
        got: weight,
        wanted: "a number > 0",
      });
    const { output: of } = lossInput(model.graph, loss, output);
    const term = { loss, ...(output !== undefined && { output }), ...(weight !== 1 && { weight }) };
    if (loss.labels === "none") return term;
    const label = labelOf(data, of, model.graph.outputs);
    checkTerm(data, term, label, of);
    const more = label.more !== undefined && { more: label.more };
    if (loss.labels !== "class" || label.shape.length === 0) return { ...term, ...more };
    if (!label.byPlace) return { ...term, ...more, places: label.shape };
    // in a batch of as many places as there are classes their shapes would not tell
    const axis = axisOfClasses(of, [of.shape[0], ...label.shape], classAxisOf(loss));
    return { ...term, ...more, places: label.shape, byPlace: true, loss: loss.along?.(axis) ?? loss };
  });
}

/** The labels of a data set that no term is for. */
export const unusedLabels = (data: Dataset, terms: readonly LossTerm[]): string[] =>
  labelsOf(data).flatMap((l) =>
    terms.some((t) => t.loss.labels !== "none" && t.more === l.more) ? [] : [l.name ?? "y"],
  );

/** The labels of an output: those of its name, or the only ones. */
function labelOf(data: Dataset, of: Value, outputs: readonly Value[]): Named {
  const labels = labelsOf(data);
  const anothers = (l: Named) => outputs.some((v) => v.name === l.name);
  const found =
    labels.find((l) => l.name === of.name) ?? (labels.length === 1 ? labels.find((l) => !anothers(l)) : undefined);
  if (found) return found;
  throw new EspalierError(
    "mismatch",
    "the data has no labels for an output of the model",
    { output: of.name, got: labels.map((l) => l.name ?? "some without a name").join(", ") || "none" },
    "name labels by the model's outputs (labels/NAME in an .npz file), or choose a loss for each of the outputs that have labels",
  );
}

function checkTerm(data: Dataset, { loss }: LossTerm, label: Named, output: Value): void {
  const given = label.classes === null ? "target" : "class";
  if (given !== loss.labels)
    throw new EspalierError(
      "mismatch",
      `the loss ${loss.name} does not fit the labels`,
      {
        data: label.name === undefined ? data.name : `${data.name}, ${label.name}`,
        got: given === "class" ? "class indices" : "numbers to fit",
        wanted: loss.labels === "class" ? "class indices" : "numbers to fit",
      },
      given === "class" ? "use cross-entropy for data with classes" : "use mse, l1 or bce for data with float targets",
    );
  const shape = output.shape.slice(1);
  if (label.classes === null && shape.length > 1 && label.shape.length > 1 && shape.join() !== label.shape.join())
    throw new EspalierError(
      "mismatch",
      "the model's output does not fit the labels",
      { output: output.name, got: `[N,${shape}]`, wanted: `[N,${label.shape}], as the labels have` },
      "arrange the labels as the output is (numpy.transpose), or flatten them",
    );
  const outputs = outputsFor(loss, label, output);
  const wanted = label.classes ?? size(label.shape);
  if (label.classes === null ? outputs !== wanted : outputs < wanted)
    throw new EspalierError(
      "mismatch",
      "the model's output does not fit the labels",
      {
        output: output.name,
        data: data.name,
        ...(label.classes !== null && firstBeyond(data, label, outputs)),
        got: `${outputs} outputs`,
        wanted: label.classes === null ? `${wanted} targets` : `at least ${wanted} classes`,
      },
      label.classes !== null && countsFromOne(data, label, outputs)
        ? say`no sample has class 0: if the labels count from 1, subtract 1, or name them in order by ${option("classes")} 1,2${outputs > 3 ? ",…" : ""}${outputs > 2 ? `,${outputs}` : ""}`
        : say`give the model ${wanted} outputs: ${option("newHead")} replaces its last layer by one with new weights`,
    );
  const { train, test, val } = data;
  if (loss.takes !== "sigmoid") return;
  for (const [part, split] of Object.entries({ train, test, val }))
    if (split) checkProbabilities(arrayOfColumn(split, label, "y"), split.count, `${part}.${label.more ?? "y"}`);
}

/** Where the first label is that an output has no number for, and which it is. */
function firstBeyond({ train, test, val }: Dataset, label: Named, outputs: number): ErrorDetails {
  for (const [part, split] of Object.entries({ train, test, val })) {
    if (!split) continue;
    const y = arrayOfColumn(split, label, "y");
    const at = y.findIndex((v: number) => v >= outputs);
    if (at < 0) continue;
    const sample = Math.floor(at / (y.length / split.count));
    return { part, ...(split.origin?.(sample) ?? { sample }), label: y[at] };
  }
  return {};
}

/** Whether the classes are 1 … K of an output of K numbers. */
function countsFromOne({ train, test, val }: Dataset, label: Named, outputs: number): boolean {
  const all = [train, test, val].flatMap((split) => (split ? [arrayOfColumn(split, label, "y")] : []));
  return label.classes === outputs + 1 && all.every((y) => y.every((v: number) => v !== 0));
}

/** How many numbers of an output are for one label of classes, or for all that there is to fit. */
export function outputsFor(loss: Loss, { classes, shape }: Pick<Named, "classes" | "shape">, output: Value): number {
  if (classes === null || shape.length === 0) return size(output.shape.slice(1));
  return output.shape[axisOfClasses(output, [output.shape[0], ...shape], classAxisOf(loss))];
}

const classAxisOf = ({ options }: Loss): number | undefined => (options as { classAxis?: number }).classAxis;
