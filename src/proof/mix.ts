/** Operators in which, along some axes, every element may depend on every other. */
import { size } from "../graph/tensor.ts";
import { collapsed, type Fact, known, met, nothing, unitOf } from "./fact.ts";
import { greatest } from "./need.ts";
import type { Call, Need, ProofRule } from "./rules/rule.ts";

interface Mixing<A> {
  /** The axes of the input that are mixed. */
  readonly axes: (call: Call<A>) => readonly number[];
  /** Whether the mixed axes are still there in the result. Default true. */
  readonly keeps?: (attrs: A) => boolean;
  /** What becomes of a number that stands everywhere along the axes, `count` times; NaN = not known. */
  readonly of?: (attrs: A) => (x: number, count: number) => number;
  /** Whether the result is one of the elements, so that nothing is rounded. */
  readonly selects?: boolean;
}

export const mix = <A>({ axes, keeps = () => true, of, selects = false }: Mixing<A>): ProofRule<A> => ({
  known(call, at) {
    const [x, y] = [call.inputs[0]!, call.outputs[at]!];
    const unit = unitOf(y);
    if (!of || unit === undefined || at > 0) return nothing(y.shape.length);
    const mixed = axes(call);
    const line = met(call.known[0], mixed);
    const count = size(mixed.map((a) => x.shape[a]));
    const f = of(call.attrs);
    const value = Float64Array.from(line.value, (c) => f(c, count));
    const error = value.map((c, i) => {
      const e = line.error?.[i] ?? 0;
      const [a, b] = [Math.abs(f(line.value[i] + e, count) - c), Math.abs(f(line.value[i] - e, count) - c)];
      return (e ? 2 * Math.max(a, b) : 0) + (selects ? 0 : (count + 2) * unit * Math.abs(c));
    });
    return collapsed(known(keeps(call.attrs) ? line.shape : without(line.shape, mixed), ...finite(value, error)));
  },
  needs(call, _, need) {
    const mixed = axes(call);
    const rank = call.inputs[0]!.shape.length;
    const kept: Need = keeps(call.attrs) ? need : { shape: withOnes(need.shape, mixed, rank), level: need.level };
    return greatest(kept, mixed);
  },
});

function finite(value: Float64Array, error: Float64Array): [Float64Array, Float64Array] {
  value.forEach((c, i) => {
    if (!Number.isFinite(c) || !Number.isFinite(error[i])) [value[i], error[i]] = [Number.NaN, 0];
  });
  return [value, error];
}

const without = (shape: Fact["shape"], axes: readonly number[]) => shape.filter((_, i) => !axes.includes(i));

function withOnes(shape: Fact["shape"], axes: readonly number[], rank: number): number[] {
  let next = 0;
  return Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : shape[next++]));
}
