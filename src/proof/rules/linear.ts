/** Matrix products. */

import { sameShape, size } from "../../graph/tensor.ts";
import { collapsed, expanded, type Fact, known, nothing, unitOf, weightOf } from "../fact.ts";
import { aligned, allOnes, union } from "../field.ts";
import { greatest, onceFor, spreadNeed, unbroadcast } from "../need.ts";
import { matrix, type Product, productKnown, productNeeds, productTerms, upright } from "../product.ts";
import type { Call, Need, ProofRuleOf, ProofRules } from "./rule.ts";

/** The number with which input 2 changes nothing. */
const bias = (k: number) => (k === 2 ? 0 : undefined);

const matMul = ({ inputs, known: [a, b] }: Call<unknown>): Product => ({
  a: upright(matrix(a, inputs[0]!.shape, "row")),
  b: upright(matrix(b, inputs[1]!.shape, "column")),
  terms: inputs[0]!.shape.at(-1)!,
  scale: 1,
});

/** The axes of a MatMul's result that are rows and columns of the matrices; a vector has no such axis. */
function matrixAxes({ inputs, outputs }: Call<unknown>): { rows: boolean; columns: boolean; batch: number } {
  const [rows, columns] = inputs.map((v) => v!.shape.length > 1);
  return { rows, columns, batch: outputs[0]!.shape.length - Number(rows) - Number(columns) };
}

/** Where all matrices of a batch are alike. */
const matMulNeeds = onceFor((call: Call<unknown>, need: Need) => {
  const { rows, columns, batch } = matrixAxes(call);
  const most = greatest(
    need,
    allOnes(batch).map((_, i) => i),
  );
  const tail = most.shape.slice(batch);
  const shape = [rows ? tail[0] : 1, columns ? tail.at(-1)! : 1];
  return productNeeds(matMul(call), { shape, level: most.level });
});

/** Where they are not: of each matrix, with what is known of that one. @param over the axes before the matrices, as far as they differ */
const matMulNeedsOfEach = onceFor((call: Call<unknown>, need: Need, batch: number, over: readonly number[]) => {
  const tail = need.shape.slice(batch);
  const level = spreadNeed(need, [...over, ...tail]);
  const common = matMul(call);
  const [left, right] = factorsApart(call, batch, over);
  return Array.from({ length: size(over) }, (_, i) => {
    const [a, b] = [left ? upright(matrixAt(left, i)) : common.a, right ? upright(matrixAt(right, i)) : common.b];
    return productNeeds(
      { ...common, a, b },
      { shape: tail, level: level.subarray(i * size(tail), (i + 1) * size(tail)) },
    );
  });
});

/** What is known of each factor of each matrix; undefined of one that is alike in all. */
const factorsApart = (
  { known: factors }: Call<unknown>,
  batch: number,
  over: readonly number[],
): (Fact | undefined)[] =>
  factors.map((k) =>
    size(k.shape.slice(0, -2)) === 1
      ? undefined
      : expanded({ ...k, shape: aligned(k.shape, batch + 2) }, [...over, ...k.shape.slice(-2)]),
  );

/** The axes before the matrices, 1 where neither what is needed nor what is known differs along one. */
function differing({ known: factors }: Call<unknown>, need: Need, batch: number): readonly number[] {
  const own = need.shape.slice(0, batch);
  const whole = factors.reduce<readonly number[]>((over, k) => union(over, aligned(k.shape.slice(0, -2), batch)), own);
  return size(whole) > MOST_MATRICES ? own : whole;
}

const MatMul: ProofRuleOf<"MatMul"> = {
  known(call) {
    const unit = unitOf(call.outputs[0]!);
    const { rows, columns, batch } = matrixAxes(call);
    if (unit === undefined) return nothing(call.outputs[0]!.shape.length);
    const apart = knownApart(call, unit, batch);
    if (apart) return apart;
    const y = productKnown(matMul(call), unit);
    const shape = [...allOnes(batch), ...(rows ? [y.shape[0]] : []), ...(columns ? [y.shape[1]] : [])];
    return collapsed({ ...y, shape });
  },
  needs(call, k, need) {
    const apart = needsApart(call, k, need, matrixAxes(call).batch);
    if (apart) return apart;
    const both = matMulNeeds(call, need);
    return asInput(k === 0 ? both.a : both.b, call.inputs[k]!.shape);
  },
  terms(call) {
    const weight = weightOf(call.known);
    if (weight === undefined || call.inputs[weight]!.shape.length !== 2) return undefined;
    const product = matMul(call);
    return {
      weight,
      read: 1 - weight,
      made: weight,
      bias: 0,
      each: (reads, visit) => productTerms(product, reads, visit),
    };
  },
};

/** So many matrices of a batch are looked at one by one. */
const MOST_MATRICES = 1024;

/** What is known of each matrix of a batch by itself. Undefined where the factors are alike in all of them, or there are too many. */
function knownApart(call: Call<unknown>, unit: number, batch: number): Fact | undefined {
  const shapes = call.known.map((k) => k.shape.slice(0, -2));
  if (call.inputs.some((v) => v!.shape.length < 2) || shapes.every((shape) => size(shape) === 1)) return undefined;
  const whole = union(aligned(shapes[0], batch), aligned(shapes[1], batch));
  if (size(whole) > MOST_MATRICES) return undefined;
  const [a, b] = call.known.map((k) =>
    expanded({ ...k, shape: aligned(k.shape, batch + 2) }, [...whole, ...k.shape.slice(-2)]),
  );
  const each = Array.from({ length: size(whole) }, (_, i) => {
    const [left, right] = [matrixAt(a, i), matrixAt(b, i)];
    return productKnown({ a: upright(left), b: upright(right), terms: call.inputs[0]!.shape.at(-1)!, scale: 1 }, unit);
  });
  const [{ shape }] = each;
  const value = new Float64Array(each.length * size(shape));
  const error = new Float64Array(value.length);
  for (const [i, e] of each.entries()) {
    value.set(e.value, i * size(shape));
    if (e.error) error.set(e.error, i * size(shape));
  }
  return collapsed(known([...whole, ...shape], value, error));
}

/** One matrix of a batch. */
function matrixAt(k: Fact, i: number): Fact {
  const shape = k.shape.slice(-2);
  const [from, to] = [i * size(shape), (i + 1) * size(shape)];
  return known(shape, k.value.slice(from, to), k.error?.slice(from, to), k.stored);
}

/**
 * The needs of a batch of matrices times one matrix or as many, each matrix's from its own product: a channel before the matrices (a
 * head of an attention) may be needed where another is not. Undefined where there is nothing to tell apart.
 */
function needsApart(call: Call<unknown>, k: number, need: Need, batch: number): Need | undefined {
  const [whole, other] = [call.inputs[k]!.shape, call.inputs[1 - k]!.shape];
  if (other.length < 2 || whole.length < 2) return undefined;
  const over = differing(call, need, batch);
  const count = size(over);
  if (whole.length < 3 || count === 1 || count > MOST_MATRICES) return undefined;
  if (k === 0 && other.length === 2 && call.known[k].shape.at(-2) === 1) return needsOfRows(call, need, batch);
  const each = matMulNeedsOfEach(call, need, batch, over).map(({ a, b }) => (k === 0 ? a : b));
  const [{ shape }] = each;
  if (each.some((e) => !sameShape(e.shape, shape))) return undefined;
  const level = new Uint8Array(count * size(shape));
  for (const [i, e] of each.entries()) level.set(e.level, i * size(shape));
  return unbroadcast({ shape: [...over, ...shape], level }, whole);
}

/** All matrices of a batch times one matrix are one matrix of their rows, of which mostly few are needed differently. */
function needsOfRows(call: Call<unknown>, need: Need, batch: number): Need {
  const [rows, columns] = need.shape.slice(batch);
  const before = need.shape.slice(0, batch);
  const { a } = productNeeds(matMul(call), { shape: [size(before) * rows, columns], level: need.level });
  return unbroadcast({ shape: [...before, rows, a.shape[1]], level: a.level }, call.inputs[0]!.shape);
}

/** A matrix's need as that of a value with axes before it, or of a vector. */
function asInput({ shape, level }: Need, whole: readonly number[]): Need {
  if (whole.length === 1) return { shape: [level.length], level };
  return { shape: aligned(shape, whole.length), level };
}

type GemmCall = Parameters<ProofRuleOf<"Gemm">["known"]>[0];

const gemm = ({ attrs: { alpha, transA, transB }, inputs, known: [a, b] }: GemmCall): Product => ({
  a: { fact: a, turned: transA !== 0 },
  b: { fact: b, turned: transB !== 0 },
  terms: inputs[0]!.shape[transA ? 0 : 1],
  scale: alpha,
});

const gemmNeeds = onceFor((call: GemmCall, need: Need) => productNeeds(gemm(call), need));

const Gemm: ProofRuleOf<"Gemm"> = {
  known(call) {
    const { attrs, inputs, known, outputs } = call;
    const unit = unitOf(outputs[0]!);
    if (unit === undefined) return nothing(2);
    const added = inputs[2] && { field: { ...known[2], shape: aligned(known[2].shape, 2) }, scale: attrs.beta };
    return collapsed(productKnown(gemm(call), unit, added ?? undefined));
  },
  needs(call, k, need) {
    const { beta } = call.attrs;
    if (k === 2) {
      const level = beta === 0 ? need.level.map(() => 0) : need.level;
      return unbroadcast({ shape: need.shape, level }, call.inputs[2]!.shape);
    }
    const both = gemmNeeds(call, need);
    return k === 0 ? both.a : both.b;
  },
  neutral: bias,
  terms(call) {
    const weight = weightOf(call.known);
    if (weight === undefined) return undefined;
    const { transA, transB, beta } = call.attrs;
    const made = weight === 0 ? Number(transA !== 0) : Number(transB === 0);
    const product = gemm(call);
    return { weight, read: 1 - made, made, bias: beta, each: (reads, visit) => productTerms(product, reads, visit) };
  },
};

export const linearProofs: ProofRules<"linear"> = { MatMul, Gemm };
