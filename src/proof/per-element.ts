/** Operators that make each element of the operands' elements that meet there. */
import { size } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";
import { spend } from "./effort.ts";
import { collapsed, type Fact, isZero, known, nothing, unitOf } from "./fact.ts";
import { aligned, places, union, unionOf } from "./field.ts";
import { isNeeded, spreadNeed, unbroadcast } from "./need.ts";
import { type Call, NEED, type Need, type ProofRule } from "./rules/rule.ts";

/**
 * How far a runtime's result may be from the real number. `none`: not at all. `once`: it is the real number rounded, as
 * IEEE asks of + − · / √. A number: that many units of the result's size (or of `magnitude`).
 */
type Rounding = "none" | "once" | number;

interface Options<A> {
  readonly rounding?: Rounding;
  /** The size of the largest number on the way to the result, where that is not the result's own. */
  readonly magnitude?: (attrs: A, x: readonly number[]) => number;
  /** Of functions that are not monotone in each operand: how steep they are at most. */
  readonly slope?: number;
  /** Where the first axis of an operand stands in the result. Absent: as in NumPy's broadcasting. */
  readonly at?: (k: number) => number;
  /** Whether operand k does not matter, because of operands that are exactly zero. */
  readonly ignores?: (k: number, zero: (k: number) => boolean) => boolean;
  readonly neutral?: ProofRule<A>["neutral"];
}

/** Units in the last place by which activation functions of runtimes are off at most. */
const APPROXIMATE = 16;
/** Of more operands than this, nothing is worked out. */
const MOST_OPERANDS = 256;

/** @param f the result for some operands; NaN when it is not known. Operands that are not known are NaN. */
export const perElement = <A>(f: (attrs: A) => (...x: number[]) => number, options: Options<A> = {}): ProofRule<A> => ({
  known: (call) => eachKnown(call, f(call.attrs), options),
  needs: (call, k, need) => eachNeeds(call, k, need, options),
  ...(options.neutral && { neutral: options.neutral }),
});

/** Nothing is known of the results; all operands matter. */
export const neverKnown: ProofRule<unknown> = perElement(() => () => Number.NaN);

function eachKnown<A>(call: Call<A>, f: (...x: number[]) => number, options: Options<A>): Fact {
  const y = call.outputs[0]!;
  const { rounding = APPROXIMATE, magnitude } = options;
  const rank = y.shape.length;
  const unit = unitOf(y);
  if (unit === undefined) return nothing(rank);
  const present = call.inputs.flatMap((v, k) => (v ? [k] : []));
  if (present.length > MOST_OPERANDS) return nothing(rank);
  const shapes = present.map((k) => aligned(call.known[k].shape, rank, options.at?.(k)));
  const shape = unionOf(shapes);
  spend(8 * present.length * size(shape));
  const from = shapes.map((s) => places(s, shape));
  const value = new Float64Array(size(shape));
  const error = new Float64Array(value.length);
  const round = y.dtype === "float32" ? Math.fround : (x: number) => x;
  for (let i = 0; i < value.length; i++) {
    const x = present.map((k, n) => call.known[k].value[from[n][i]]);
    const e = present.map((k, n) => call.known[k].error?.[from[n][i]] ?? 0);
    const real = f(...x);
    const inherited = inheritedError(f, x, e, real, options.slope);
    const scale = magnitude ? magnitude(call.attrs, x) : Math.abs(real);
    const fresh = rounding === "none" || (rounding === "once" && inherited === 0) ? 0 : steps(rounding) * unit * scale;
    value[i] = rounding === "once" && inherited === 0 ? round(real) : real;
    error[i] = inherited + fresh;
    if (!Number.isFinite(value[i]) || !Number.isFinite(error[i])) [value[i], error[i]] = [Number.NaN, 0];
  }
  return collapsed(known(shape, value, error));
}

const steps = (rounding: Rounding): number => (typeof rounding === "number" ? rounding : 2);

/** How far the result moves when every operand moves by its error. Twice what the corners show, for what lies between. */
function inheritedError(
  f: (...x: number[]) => number,
  x: readonly number[],
  e: readonly number[],
  real: number,
  slope: number | undefined,
): number {
  let sum = 0;
  for (let k = 0; k < x.length; k++) {
    if (e[k] === 0 || Number.isNaN(real)) continue;
    const moved = (by: number) => Math.abs(f(...x.map((v, i) => (i === k ? v + by : v))) - real);
    sum += slope === undefined ? 2 * Math.max(moved(e[k]), moved(-e[k])) : slope * e[k];
  }
  return sum;
}

function eachNeeds<A>(call: Call<A>, k: number, need: Need, { at, ignores }: Options<A>): Need {
  const input = call.inputs[k] as Value;
  const rank = call.outputs[0]!.shape.length;
  const start = at?.(k) ?? rank - input.shape.length;
  if (!ignores || !isNeeded(need)) return unbroadcast(need, input.shape, start);
  const shapes = call.inputs.map((v, i) => aligned(v ? call.known[i].shape : [], rank, v ? at?.(i) : undefined));
  const shape = union(need.shape, ...shapes);
  const from = shapes.map((s) => places(s, shape));
  const level = Uint8Array.from(spreadNeed(need, shape), (l, i) => {
    const zero = (j: number) => isZero(call.known[j], from[j][i]);
    return l > 0 && ignores(k, zero) ? NEED.unread : l;
  });
  return unbroadcast({ shape, level }, input.shape, start);
}
