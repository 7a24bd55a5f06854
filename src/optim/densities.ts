/**
 * How many weights each layer of a sparse network keeps (Evci et al., "Rigging the lottery", ICML 2020, arXiv 1911.11134,
 * section 3). Erdős–Rényi kernel (ERK): the density of a layer is ε·(Σ dims)/(Π dims) over the dimensions of its weight, so
 * that small layers stay denser; ε is such that the whole network has the wanted density, layers that would exceed 1 being dense.
 */
import { size } from "../graph/tensor.ts";
import type { Shape } from "../graph/types.ts";

/** How sparsity is spread over layers: ERK, or the same density everywhere but in the first layer, which stays dense. */
export type Distribution = "erk" | "uniform";

/**
 * The share of its weights that each layer keeps.
 * @param shapes of the weights, in the order of the network
 * @param sparsity share of all weights to be zero, in [0, 1); of those behind the first layer, when uniform
 */
export function densities(shapes: readonly Shape[], sparsity: number, distribution: Distribution): number[] {
  return distribution === "erk" ? erk(shapes, 1 - sparsity) : shapes.map((_, i) => (i === 0 ? 1 : 1 - sparsity));
}

function erk(shapes: readonly Shape[], density: number): number[] {
  const raw = shapes.map((s) => s.reduce((a, b) => a + b, 0) / size(s));
  const sizes = shapes.map(size);
  const keptWeights = density * sizes.reduce((a, b) => a + b, 0);
  const dense = new Set<number>();
  for (;;) {
    let left = keptWeights; //  what the layers that are not dense share …
    let parts = 0; //    … in proportion to raw·size
    sizes.forEach((n, i) => {
      if (dense.has(i)) left -= n;
      else parts += raw[i] * n;
    });
    const epsilon = parts > 0 ? left / parts : 0;
    const full = raw.flatMap((r, i) => (!dense.has(i) && epsilon * r >= 1 ? [i] : []));
    if (full.length === 0) return raw.map((r, i) => (dense.has(i) ? 1 : epsilon * r));
    for (const i of full) dense.add(i);
  }
}

/** How many of n weights a density keeps, at least one. */
export const keptWeights = (n: number, density: number): number => Math.max(1, Math.round(n * density));
