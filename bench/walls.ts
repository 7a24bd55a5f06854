/** Kernels, summed up: by what they are there for, and by the values that they compute. */
import type { CostlyShape, KernelKind } from "../experiments/wall-table.ts";
import type { CostUnit, KernelPlace, KernelRole } from "./kernel-places.ts";
import { flopsOf, type Kernel, movedBytes } from "./kernels.ts";
import type { Peak } from "./limit.ts";

/** What shares less of a step than this is no kind of its own. */
const LEAST = 0.005;

const sum = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0);
/** 10⁹ a second. */
const rate = (amount: number, ms: number): number => amount / ms / 1e6;

/** Milliseconds of all kernels. */
export const kernelMs = (kernels: readonly Kernel[]): number => sum(kernels.map(({ ms }) => ms));

/** By role and operator, the longest first; what takes little together, by role. */
export function kindsOf(kernels: readonly Kernel[], place: (kernel: Kernel) => KernelPlace, peak: Peak): KernelKind[] {
  const all = kernelMs(kernels);
  const of = new Map<string, { readonly role: KernelRole; readonly op: string; readonly kernels: Kernel[] }>();
  const put = (role: KernelRole, op: string, kernel: Kernel) => {
    const kind = of.get(`${role} ${op}`) ?? { role, op, kernels: [] };
    kind.kernels.push(kernel);
    of.set(`${role} ${op}`, kind);
  };
  for (const kernel of kernels) put(place(kernel).role, kernel.op, kernel);
  for (const [key, kind] of [...of])
    if (kernelMs(kind.kernels) < LEAST * all) {
      of.delete(key);
      for (const kernel of kind.kernels) put(kind.role, "further operators", kernel);
    }
  return [...of.values()]
    .map(({ role, op, kernels: own }): KernelKind => {
      const [ms, flops] = [kernelMs(own), sum(own.map((k) => flopsOf(k) ?? 0))];
      const isProduct = flops > 0 && role !== "layout" && role !== "reduction" && role !== "pooling";
      const reached = isProduct
        ? rate(flops, ms) / peak.gflops
        : rate(sum(own.map(role === "layout" ? movedBytes : (k) => k.bytes)), ms) / peak.gbs;
      return {
        ...{ role, op, nodes: own.length, ms, share: ms / all, ofPeak: reached },
        ...(isProduct && { gflops: rate(flops, ms) }),
      };
    })
    .sort((a, b) => b.ms - a.ms);
}

/** All values of one key. */
export interface CostSum {
  readonly unit: CostUnit;
  /** How many values. */
  readonly times: number;
  readonly ms: number;
}

/** By what is computed, the longest first. */
export function sumsOf(kernels: readonly Kernel[], place: (kernel: Kernel) => KernelPlace): CostSum[] {
  const of = new Map<string, { readonly unit: CostUnit; readonly values: Set<string>; ms: number }>();
  for (const kernel of kernels) {
    const { unit } = place(kernel);
    const known = of.get(unit.key) ?? { unit, values: new Set(), ms: 0 };
    known.ms += kernel.ms;
    known.values.add(unit.value);
    of.set(unit.key, known);
  }
  return [...of.values()].map(({ unit, values, ms }) => ({ unit, times: values.size, ms })).sort((a, b) => b.ms - a.ms);
}

/** The best form known of a value, with the milliseconds of all such values. */
export interface Best {
  readonly ms: number;
  readonly by: CostlyShape["bestBy"];
}

/**
 * One matrix product of its size where there is one, else its operations or its bytes at the machine's peak, whichever is longer; or the
 * present form where that is faster.
 * @param asProduct milliseconds of such a product
 */
export function bestOf({ unit, times, ms }: CostSum, { gflops, gbs }: Peak, asProduct?: number): Best {
  const atPeak = Math.max((2 * unit.macs) / gflops, unit.bytes / gbs) / 1e6;
  const other: Best =
    asProduct === undefined ? { ms: times * atPeak, by: "peak" } : { ms: times * asProduct, by: "product" };
  return other.ms < ms ? other : { ms, by: "present" };
}

/** One line of the costly shapes. @param all milliseconds of all kernels @param by the formulation's name, where there are several */
export function shapeOf({ unit, times, ms }: CostSum, best: Best, all: number, peak: Peak, by?: string): CostlyShape {
  const { role, of, shapes, macs, product, bytes } = unit;
  const flops = 2 * macs * times;
  const ofPeak = macs > 0 ? rate(flops, ms) / peak.gflops : rate(times * bytes, ms) / peak.gbs;
  return {
    ...{ role, of, shapes, times, ms, share: ms / all, ofPeak, best: best.ms, bestBy: best.by },
    ...(by !== undefined && { by }),
    ...(macs > 0 && { gflops: rate(flops, ms) }),
    ...(product && { product: [...(product.pairs > 1 ? [product.pairs] : []), product.m, product.k, product.n] }),
  };
}

/** What a step would take with the best forms: of the products alone, and of everything. */
export function withBestForms(
  step: number,
  units: readonly CostSum[],
  best: (unit: CostSum) => Best,
): { readonly products: number; readonly all: number } {
  const saved = (of: readonly CostSum[]) => sum(of.map((u) => u.ms - best(u).ms));
  return { products: step - saved(units.filter(({ unit }) => unit.macs > 0)), all: step - saved(units) };
}
