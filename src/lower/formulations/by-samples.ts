/**
 * The weight's gradient of a few samples after the other, summed. What a formulation lays out for its product, every element of X as
 * often as windows meet it, is larger than the caches for a whole batch: it goes to memory and comes back. For a few samples it stays,
 * and is never in memory all at once. Processor time against the whole batch at 3×3, batch 128, one thread: 0.69 for 32 channels at
 * 16×16, 0.72 for 16 at 32×32, 0.82 for 64 at 8×8 (onnxruntime-node 1.30, Intel Xeon with AVX-512 and 2 MiB of L2 a core, loaded).
 */
import { size } from "../../graph/tensor.ts";
import type { Value } from "../../graph/types.ts";
import { spatial } from "../../graph/windows.ts";
import type { Formulation, Site } from "../pattern.ts";
import { piece } from "../pieces.ts";
import type { BySum } from "./convolution.ts";

type WeightSite = Site<"ConvWeightGradient">;

/** What a formulation lays out for a sample: of X for each position of Y what all taps of the kernel meet. */
const allTaps = ({ inputs: [x, dy], attrs: { kernel_shape } }: WeightSite): number =>
  x.shape[1] * size(kernel_shape) * size(spatial(dy));

/** The taps of the last axis of X, and those of the first of dY. */
export const halfTaps = ({ inputs: [x, dy], attrs: { kernel_shape: k } }: WeightSite): number =>
  (x.shape[1] * k.at(-1)! + dy.shape[1] * k[0]) * size(spatial(dy));

/** A formulation by samples. It pays where much is laid out, by more than one tap, and the gradients that are summed are small beside it. */
export const bySamples = (
  whole: Formulation<"ConvWeightGradient">,
  { sum, arranged }: BySum,
  laidOut = allTaps,
): Formulation<"ConvWeightGradient"> => ({
  applies: (site, target) => site.inputs[0].shape[0] > 1 && whole.applies?.(site, target) !== false,
  preferred: (site, t) =>
    size(site.attrs.kernel_shape) > 1 &&
    site.inputs[0].shape[0] * laidOut(site) >= 4 * t.laidOut &&
    4 * size(site.output.shape) <= t.laidOut &&
    !!whole.preferred?.(site, t),
  emit(g, site, { thresholds, threads = 1 }) {
    const [x, dy] = site.inputs;
    const [n] = x.shape;
    const fitting = Math.round(((thresholds?.laidOut ?? 1) * threads) / laidOut(site));
    const each = Math.max(1, Math.min(fitting, Math.ceil(n / 2)));
    const part = (v: Value, from: number) => piece(g, v, from, Math.min(n, from + each));
    const parts: Value[] = [];
    for (let from = 0; from < n; from += each) parts.push(sum(g, { ...site, inputs: [part(x, from), part(dy, from)] }));
    return arranged(g, g.Sum(parts), site);
  },
});
