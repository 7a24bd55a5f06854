/**
 * Convolutions. What is known and needed is asked of whole channels. A constant other than zero makes a constant only
 * where every position reads as much of it: not beside zero padding, nor in a transposed convolution.
 */
import { size } from "../../graph/tensor.ts";
import type { Value } from "../../graph/types.ts";
import { Sum, termLevel } from "../contraction.ts";
import { spend } from "../effort.ts";
import { expanded, type Fact, isZero, known, met, nothing, unitOf } from "../fact.ts";
import { aligned } from "../field.ts";
import { greatest, onceFor } from "../need.ts";
import { type Call, NEED, type Need, type ProofRule, type ProofRules, type Terms } from "./rule.ts";

interface Convolving {
  readonly group: number;
  readonly pads: readonly number[];
}

/** A convolution as sums over channels: element (p, q) of the kernel's first two axes reads one and makes one. */
interface Sums {
  readonly x: Fact;
  /** Of the shape of the whole kernel. */
  readonly w: Fact;
  readonly shape: readonly number[];
  readonly inner: number;
  readonly reads: (p: number, q: number) => number;
  readonly makes: (p: number, q: number) => number;
  /** Whether a constant channel adds the same at every position. */
  readonly folds: boolean;
}

type Layout = (x: Value, w: Value, group: number) => Pick<Sums, "reads" | "makes">;

/** W [M, C/group, …] */
const convolved: Layout = (_, { shape: [M, C] }, group) => ({
  reads: (p, q) => Math.floor(p / (M / group)) * C + q,
  makes: (p) => p,
});

/** W [C, M/group, …] */
const transposed: Layout = ({ shape: [, C] }, { shape: [, M] }, group) => ({
  reads: (p) => p,
  makes: (p, q) => Math.floor(p / (C / group)) * M + q,
});

function sums({ attrs, inputs, known: [x, w] }: Call<Convolving>, layout: Layout, folds: boolean): Sums {
  const [X, W] = [inputs[0]!, inputs[1]!];
  const but = x.shape.flatMap((_, i) => (i === 1 ? [] : [i]));
  return {
    x: { ...met(x, but), shape: [met(x, but).value.length] },
    w: expanded(w, W.shape),
    shape: W.shape,
    inner: size(W.shape.slice(2)),
    ...layout(X, W, attrs.group),
    folds: folds && w.stored,
  };
}

/** A channel of a field that may hold one number for all of them. */
const channel = ({ value }: Fact, c: number): number => (value.length === 1 ? 0 : c);

function sumsKnown({ x, w, shape, inner, reads, makes, folds }: Sums, call: Call<Convolving>, unit: number): Fact {
  const y = call.outputs[0]!.shape;
  spend(16 * y[1] + shape[0] * shape[1]);
  const sum = Array.from({ length: y[1] }, () => new Sum());
  if (call.inputs[2]) for (const [o, s] of sum.entries()) s.addNumber(call.known[2], channel(call.known[2], o));
  for (let p = 0, at = 0; p < shape[0]; p++)
    for (let q = 0; q < shape[1]; q++, at += inner) {
      const [s, c] = [sum[makes(p, q)], channel(x, reads(p, q))];
      if (isZero(x, c) || s.failed) continue;
      spend(inner);
      for (let i = at; i < at + inner && !s.failed; i++)
        if (folds || isZero(w, i)) s.addProduct(w, i, x, c);
        else s.fail();
    }
  const results = sum.map((s) => s.result(unit));
  return known(
    aligned([y[1]], y.length, 1),
    Float64Array.from(results, ([value]) => value),
    Float64Array.from(results, ([, error]) => error),
  );
}

function sumsNeed({ x, w, shape, inner, reads, makes, folds }: Sums, call: Call<Convolving>, need: Need) {
  const per = channels(need);
  const X = call.inputs[0]!.shape;
  spend(X[1] + 2 * shape[0] * shape[1]);
  const read = new Uint8Array(X[1]);
  const kernel = new Uint8Array(shape[0] * shape[1]);
  for (let p = 0, at = 0, n = 0; p < shape[0]; p++)
    for (let q = 0; q < shape[1]; q++, n++, at += inner) {
      if (per[per.length === 1 ? 0 : makes(p, q)] !== NEED.live) continue;
      const c = reads(p, q);
      let i = at;
      while (i < at + inner && isZero(w, i)) i++; // the first weight that is not zero tells for all of them
      spend(i - at);
      if (i === at + inner) continue;
      kernel[n] = termLevel(w, i, x, channel(x, c), folds);
      if (kernel[n] > read[c]) read[c] = kernel[n];
    }
  return {
    x: { shape: aligned([X[1]], X.length, 1), level: read },
    w: { shape: aligned(shape.slice(0, 2), shape.length, 0), level: kernel },
    b: { shape: [per.length], level: per },
  };
}

/** The greatest need in each channel. */
const channels = (need: Need): Uint8Array =>
  greatest(
    need,
    need.shape.flatMap((_, i) => (i === 1 ? [] : [i])),
  ).level;

function summing<A extends Convolving>(layout: Layout, folds: (attrs: A) => boolean): ProofRule<A> {
  const needs = onceFor((call: Call<A>, need: Need) => sumsNeed(sums(call, layout, folds(call.attrs)), call, need));
  return {
    known(call) {
      const unit = unitOf(call.outputs[0]!);
      if (unit === undefined) return nothing(call.outputs[0]!.shape.length);
      return sumsKnown(sums(call, layout, folds(call.attrs)), call, unit);
    },
    needs(call, k, need) {
      const found = needs(call, need);
      return k === 0 ? found.x : k === 1 ? found.w : found.b;
    },
    neutral: (k) => (k === 2 ? 0 : undefined),
  };
}

/** Of one kernel for all groups, a column of it is read by the sums of each group: its term is that of the group's channel. */
function convTerms(call: Call<Convolving>): Terms | undefined {
  const folds = call.attrs.pads.every((p) => p === 0);
  const { x, w, shape, inner, reads } = sums(call, convolved, folds);
  if (!w.stored) return undefined;
  const each: Terms["each"] = (read, visit) => {
    for (let p = 0, at = 0; p < shape[0]; p++)
      for (let q = 0; q < shape[1]; q++, at += inner) {
        if (!read.has(q)) continue;
        const c = channel(x, reads(p, q));
        let [sum, zero] = [0, true];
        for (let i = at; i < at + inner; i++) {
          sum += w.value[i];
          zero &&= isZero(w, i);
        }
        visit(q, p, zero || isZero(x, c) ? 0 : folds ? sum * x.value[c] : Number.NaN);
      }
  };
  return { weight: 1, read: 1, made: 0, bias: 1, each };
}

export const convolutionProofs: ProofRules<"convolution"> = {
  Conv: { ...summing(convolved, ({ pads }) => pads.every((p) => p === 0)), terms: convTerms },
  ConvTranspose: summing(transposed, () => false),
};
