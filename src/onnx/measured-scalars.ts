/**
 * Numbers that an exporter computes from shapes and then computes with: the scale of an attention, √ of its width. Where they are the
 * same at every size that is tried they are constants, and nothing measures the axis any more.
 */
import { f32, size } from "../graph/tensor.ts";
import type { Step } from "./canonical.ts";
import { isMeasure, type Known } from "./fold-shapes.ts";

/** Follows what comes from shapes and constants of the code alone, never from what a file stores. */
export class MeasuredScalars {
  /** Name → whether a shape went into it. */
  private readonly pure = new Map<string, boolean>();

  /** To be told of every step, in order. @returns the number that its output is, where it is a float made of shapes */
  follow({ op, inputs, outputs: [output] }: Step, known: Known | undefined): number | undefined {
    if (!known || !output) return undefined;
    const from = inputs.map((x) => this.pure.get(x));
    if (!isMeasure(op) && from.includes(undefined)) return undefined;
    const measured = isMeasure(op) || from.includes(true);
    this.pure.set(output, measured);
    return measured && known.dtype === "float32" && size(known.shape) === 1 ? known.values[0] : undefined;
  }
}

/** The step with its number written out, where it is one, the same in every look. */
export function withScalar(
  step: Step,
  looks: readonly { readonly scalar?: number; readonly shape: readonly number[] }[],
): Step {
  const [{ scalar, shape }] = looks;
  if (scalar === undefined || looks.some((l) => l.scalar !== scalar)) return step;
  return { ...step, op: "Constant", inputs: [], attrs: { value: f32([scalar], [...shape]) } };
}
