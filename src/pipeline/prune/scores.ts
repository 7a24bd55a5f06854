/**
 * How much each prunable channel matters. Three rankings, each with its source:
 * - magnitude: ‖w_c‖² over all weights that read or make the channel, divided by its mean over the channels of the layer: the group
 *   norm of Fang et al. 2023 (DepGraph, p = 2), of which Li et al. 2017 is the form for one filter;
 * - taylor: the mean over calibration batches of (Σ g·w)², what the loss changes to first order when the channel goes (Molchanov et
 *   al. 2019, eq. 8), over the weights that read the channel: that is the gradient of a gate on it. Not normalized, as there;
 * - activation: the mean of |x_c| where weights read the channel, divided by its mean over the layer (Molchanov et al. 2017, 2.2).
 */
import type { Tensor, Value } from "../../graph/types.ts";
import type { Member } from "../../groups/group-set.ts";
import type { PrunableSet } from "../../groups/prunable.ts";
import { eachRun } from "../../groups/runs.ts";

/** Stored tensors by the model's handles. */
type Stored = ReadonlyMap<Value, Tensor>;

/** Σ of `term` over the elements of each group, over some members. */
function sumsOf(
  count: number,
  members: readonly Member[],
  term: (member: Member) => (element: number) => number,
): Float64Array {
  const sums = new Float64Array(count);
  for (const member of members) {
    const of = term(member);
    eachRun(member.view, member.axes, [], (i, _, start, end) => {
      const group = member.channels ? member.channels[i] : i;
      if (group < 0) return;
      let sum = 0;
      for (let at = start; at < end; at++) sum += of(at);
      sums[group] += sum;
    });
  }
  return sums;
}

const squares = (weights: Stored) => (member: Member) => {
  const data = weights.get(member.param)!.data as Float32Array;
  return (at: number) => data[at] * data[at];
};

/** Divides by the mean of the finite ones, where that is not zero. */
export function perLayer(scores: Float64Array): Float64Array {
  const finite = scores.filter((s) => Number.isFinite(s));
  const mean = finite.reduce((sum, s) => sum + s, 0) / Math.max(1, finite.length);
  return mean > 0 ? scores.map((s) => s / mean) : scores;
}

/** Channels that nothing reads, or that are made zero, already: they go first, whatever else they are. */
export function goneAlready({ channels, readers, makers, by }: PrunableSet, weights: Stored): Uint8Array {
  const read = sumsOf(channels.length, readers, squares(weights));
  const made = sumsOf(channels.length, makers, squares(weights));
  return Uint8Array.from(channels, (_, i) => ((by[i] === "consumer" ? read[i] : made[i]) === 0 ? 1 : 0));
}

/** ‖w_c‖² of readers and makers, by the layer's mean. */
export const groupMagnitudes = ({ channels, readers, makers }: PrunableSet, weights: Stored): Float64Array =>
  perLayer(sumsOf(channels.length, [...readers, ...makers], squares(weights)));

/** (Σ g·w)² of one batch. @param gradients of the trained tensors that groups have members in */
export function firstOrder(
  { channels, readers, makers, by }: PrunableSet,
  weights: Stored,
  gradients: ReadonlyMap<Value, Float32Array>,
): Float64Array {
  const products = (member: Member) => {
    const [w, g] = [weights.get(member.param)!.data as Float32Array, gradients.get(member.param)!];
    return (at: number) => w[at] * g[at];
  };
  const [read, made] = [readers, makers].map((members) => sumsOf(channels.length, members, products));
  return Float64Array.from(channels, (_, i) => (by[i] === "consumer" ? read[i] : made[i]) ** 2);
}
