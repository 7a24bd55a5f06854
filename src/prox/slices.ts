/** Group norms and group scaling over slices that may span several tensors: what every group penalty shares. */

import type { Builder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";
import type { GroupSet, Member } from "../groups/groups.ts";
import type { Weights } from "./penalty.ts";

const channelCount = ({ view, axes }: Member): number => axes.reduce((n, a) => n * view[a], 1);

/** 0/1 matrix [channels of the member, groups of the set]. */
function incidence(g: Builder, member: Member, count: number): Value {
  const rows = channelCount(member);
  const m = new Float32Array(rows * count);
  member.channels!.forEach((group, i) => {
    if (group >= 0) m[i * count + group] = 1;
  });
  return g.constant(f32(m, [rows, count]));
}

/** ‖w_g‖² of every group of a set: [count]. */
export function groupSquares(g: Builder, set: GroupSet, w: Weights): Value {
  const parts = set.members.map((member) => {
    const x = g.Reshape(w.get(member.param)!, { shape: member.view });
    const others = member.view.flatMap((_, i) => (member.axes.includes(i) ? [] : [i]));
    const squares = g.Mul(x, x);
    const sums = others.length ? g.ReduceSum(squares, { axes: others, keepdims: 0 }) : squares;
    const flat = g.Reshape(sums, { shape: [channelCount(member)] });
    return member.channels ? g.MatMul(flat, incidence(g, member, set.count)) : flat;
  });
  return parts.length === 1 ? parts[0] : g.Sum(parts);
}

/**
 * Multiplies every group of a set by its factor; what is in no group stays.
 * @param factors [count]
 * @param w is read and, for the set's members, replaced
 */
export function scaleGroups(g: Builder, set: GroupSet, factors: Value, w: Map<Value, Value>): void {
  for (const member of set.members) {
    const { view, axes, channels, param } = member;
    let factor = factors;
    if (channels) {
      const outside = f32(Float32Array.from(channels, (c) => (c < 0 ? 1 : 0)));
      factor = g.Add(g.MatMul(incidence(g, member, set.count), factors), g.constant(outside));
    }
    const spread = g.Reshape(factor, { shape: view.map((d, i) => (axes.includes(i) ? d : 1)) });
    const scaled = g.Mul(g.Reshape(w.get(param)!, { shape: view }), spread);
    w.set(param, g.Reshape(scaled, { shape: param.shape }));
  }
}
