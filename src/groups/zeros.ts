/** Which groups are exactly zero (−0 counts as zero), and how much that is (rmda.md 4.3, 4.4). */

import { EspalierError } from "../error.ts";
import { aList, aMap, anObject, wants } from "../given.ts";
import { size } from "../graph/tensor.ts";
import type { Shape, Tensor } from "../graph/types.ts";
import type { GroupSet, Member } from "./group-set.ts";
import { zeroChannels } from "./runs.ts";

export interface ZeroCount {
  /** Number of groups, and how many of them are zero. */
  readonly groups: number;
  readonly zero: number;
  /** Weights in all groups, and in the zero ones. */
  readonly weights: number;
  readonly zeroWeights: number;
}

/** Tensors by the names of their parameters. */
export type Tensors = ReadonlyMap<string, Tensor>;

/** One byte per group of the set: 1 = every weight of every member is exactly zero. */
export function zeroGroups(set: GroupSet, tensors: Tensors): Uint8Array {
  wants("zeroGroups", ["set", anObject, set], ["set.members", aList, set, "members"], ["tensors", aMap, tensors]);
  const zero = new Uint8Array(set.count).fill(1);
  for (const member of set.members) {
    const slices = zeroSlices(member, tensors);
    slices.forEach((z, i) => {
      const group = member.channels ? member.channels[i] : i;
      if (!z && group >= 0) zero[group] = 0;
    });
  }
  return zero;
}

/** One byte per channel of a member's view: 1 = this slice of the one tensor is exactly zero. */
function zeroSlices(member: Member, tensors: Tensors): Uint8Array {
  return zeroChannels(memberValues(member, tensors), member.view, member.axes);
}

/** The elements of a member's view, in its order. */
export function memberValues({ param, view, pad }: Member, tensors: Tensors): Tensor["data"] {
  const { data } = tensors.get(param.name) ?? missing(param.name);
  if (data.length !== size(pad?.from ?? view))
    throw new EspalierError("mismatch", "a tensor does not fit its groups", {
      tensor: param.name,
      got: `${data.length} elements`,
      wanted: `[${pad?.from ?? view}]`,
    });
  return pad ? padded(data, pad.from, pad.to) : data;
}

/** With zeros appended to every axis. */
function padded(data: Tensor["data"], from: Shape, to: Shape): Float32Array {
  const out = new Float32Array(size(to));
  const row = from.at(-1)!;
  for (let at = 0; at < data.length; at += row) {
    let [place, stride, rest] = [0, to.at(-1)!, at / row];
    for (let axis = from.length - 2; axis >= 0; axis--) {
      place += (rest % from[axis]) * stride;
      rest = Math.floor(rest / from[axis]);
      stride *= to[axis];
    }
    for (let i = 0; i < row; i++) out[place + i] = Number(data[at + i]);
  }
  return out;
}

/** Zero groups of some sets: unweighted (4.3) and weighted by group size (4.4). Each group counts once. */
export function countZeros(sets: readonly GroupSet[], tensors: Tensors): ZeroCount {
  const total = { groups: 0, zero: 0, weights: 0, zeroWeights: 0 };
  for (const set of sets) {
    total.groups += set.count;
    zeroGroups(set, tensors).forEach((z, g) => {
      total.weights += set.sizes[g];
      if (!z) return;
      total.zero++;
      total.zeroWeights += set.sizes[g];
    });
  }
  return total;
}

const missing = (name: string): never => {
  throw new EspalierError("missing", "a grouped parameter is missing", { tensor: name });
};
