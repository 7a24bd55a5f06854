/** The model and its plan for batches of samples of one of several lengths: texts that are filled up to as many places. */
import { axesOfInput, batchSymbol, bind, withSizes } from "../graph/bind.ts";
import type { Graph, Model } from "../graph/types.ts";
import type { Teacher } from "./distill.ts";
import type { InputPlan } from "./input.ts";
import type { LabelPlan } from "./loss.ts";
import type { LossPlan } from "./plan.ts";

/** The free sizes of a model that count the places of samples. */
const placeSymbols = (model: Model, inputs: readonly InputPlan[]): string[] => {
  const symbols = inputs.flatMap(({ input, byPlace }) => {
    if (!byPlace) return [];
    const v = model.graph.inputs.find(({ name }) => name === input) ?? model.graph.inputs[0];
    const axis = axesOfInput(model, v)[1];
    return typeof axis === "string" ? [axis] : [];
  });
  return [...new Set(symbols)];
};

/** The model's graph for a batch. @param length of its samples. Default: that of the model's graph */
export function graphAt(model: Model, { inputs }: Pick<LossPlan, "inputs">, n: number, length?: number): Graph {
  const batch = batchSymbol(model);
  const sizes = length === undefined ? [] : placeSymbols(model, inputs).map((symbol) => [symbol, length] as const);
  return bind(model, { ...Object.fromEntries(sizes), ...(batch !== undefined && { [batch]: n }) });
}

const cut = (shape: readonly number[], length: number): readonly number[] => [length, ...shape.slice(1)];

/** How inputs travel in batches of a length. Default: as they are */
export const inputsAt = (inputs: readonly InputPlan[], length?: number): readonly InputPlan[] =>
  length === undefined
    ? inputs
    : inputs.map((one) => (one.byPlace ? { ...one, sample: cut(one.sample, length) } : one));

/** How labels travel in them. */
export const labelsAt = (labels: readonly LabelPlan[], length?: number): readonly LabelPlan[] =>
  length === undefined
    ? labels
    : labels.map((one) => (one.byPlace ? { ...one, sample: cut(one.sample, length) } : one));

/** What is made of batches of a length. */
export function atLength<P extends LossPlan>(plan: P, length?: number): P {
  if (length === undefined) return plan;
  const { teacher } = plan;
  const terms = plan.terms.map((term) => (term.byPlace ? { ...term, places: cut(term.places!, length) } : term));
  return {
    ...plan,
    inputs: inputsAt(plan.inputs, length),
    terms,
    ...(teacher && { teacher: teacherAt(teacher, length) }),
  };
}

function teacherAt(teacher: Teacher, length: number): Teacher {
  const { model, inputs } = teacher;
  const sizes = placeSymbols(model, inputs).map((symbol) => [symbol, length] as const);
  return { ...teacher, model: withSizes(model, Object.fromEntries(sizes)), inputs: inputsAt(inputs, length) };
}
