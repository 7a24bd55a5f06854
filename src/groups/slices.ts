/** Sums and factors per group, over slices that may span several tensors: what every group penalty and projection shares. */

import type { Builder } from "../graph/builder.ts";
import { reshape, scalable, weighed } from "../graph/emit.ts";
import { f32, full, size } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";
import type { GroupSet, Member } from "./group-set.ts";

/** Current value of each parameter (the model's initializer handle) inside the graph being built. */
export type Weights = ReadonlyMap<Value, Value>;

/** Stands where a number of a group that is zero would be 0: what is divided by it stays a number. */
export const TINY = 1e-30;

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

/**
 * A member's slices: its parameter in the shape of its view.
 * @param fill what stands where the view is larger than the parameter
 */
export function inView(g: Builder, { view, pad }: Member, x: Value, fill = 0): Value {
  if (!pad) return reshape(g, x, view);
  const ends = pad.to.map((d, i) => d - pad.from[i]);
  const padded = g.Pad(reshape(g, x, pad.from), { pads: [...pad.from.map(() => 0), ...ends], value: fill });
  return reshape(g, padded, view);
}

/** The parameter that has these slices. */
function outOfView(g: Builder, { param, pad }: Member, x: Value): Value {
  if (!pad) return reshape(g, x, param.shape);
  const axes = pad.from.map((_, i) => i);
  const whole = reshape(g, x, pad.to);
  const own = g.Slice(whole, { starts: axes.map(() => 0), ends: pad.from, axes });
  return reshape(g, own, param.shape);
}

/**
 * Σ over some axes. The first axis goes by a product with ones: ONNX Runtime sums rows of a matrix far faster that way than by a
 * ReduceSum over axes that are not the last ones (2.9 against 5.0 ms for 512×512×3×3 with its square, two threads).
 */
function sumOver(g: Builder, x: Value, view: readonly number[], axes: readonly number[]): Value {
  if (axes.length === 0) return x;
  if (axes[0] !== 0 || view.length === 1) return g.ReduceSum(x, { axes: [...axes], keepdims: 0 });
  const [rows, ...rest] = view;
  const ones = g.constant(full([1, rows], 1));
  const sums = reshape(g, g.MatMul(ones, reshape(g, x, [rows, size(rest)])), rest);
  const left = axes.slice(1).map((a) => a - 1);
  return left.length ? g.ReduceSum(sums, { axes: left, keepdims: 0 }) : sums;
}

/**
 * Σ over every group of a set: [count].
 * @param terms what to sum, member by member, in the shape of its view
 */
export function groupSums(g: Builder, set: GroupSet, terms: readonly Value[]): Value {
  const parts = set.members.map((member, i) => {
    const others = member.view.flatMap((_, axis) => (member.axes.includes(axis) ? [] : [axis]));
    const flat = reshape(g, sumOver(g, terms[i], member.view, others), [channelCount(member)]);
    return member.channels ? g.MatMul(flat, incidence(g, member, set.count)) : flat;
  });
  return parts.length === 1 ? parts[0] : g.Sum(parts);
}

/** ‖w_g‖² of every group of a set: [count]. */
export const groupSquares = (g: Builder, set: GroupSet, w: Weights): Value => groupProducts(g, set, w, w);

/** Numbers of the groups of several sets, one set behind the other: what is done to all of them alike is done once. */
export const behindOneAnother = (g: Builder, each: readonly Value[]): Value =>
  each.length === 1 ? each[0] : g.Concat(each, { axis: 0 });

/** The numbers of each set, as `behindOneAnother` has them. */
export const parted = (g: Builder, sets: readonly GroupSet[], x: Value): Value[] =>
  sets.length === 1 ? [x] : g.Split(x, { axis: 0, split: sets.map((set) => set.count) });

/** ⟨a_g, b_g⟩ of every group of a set: [count]. */
export function groupProducts(g: Builder, set: GroupSet, a: Weights, b: Weights): Value {
  const products = set.members.map((m) => {
    const x = inView(g, m, a.get(m.param)!);
    return g.Mul(x, a === b ? x : inView(g, m, b.get(m.param)!));
  });
  return groupSums(g, set, products);
}

/**
 * One number per group, in a shape that broadcasts to a member's view.
 * @param perGroup [count]
 * @param outside the number of channels that are in no group
 */
export function spreadGroups(g: Builder, set: GroupSet, member: Member, perGroup: Value, outside: number): Value {
  const { view, axes, channels } = member;
  let perChannel = perGroup;
  if (channels) {
    const rest = f32(Float32Array.from(channels, (c) => (c < 0 ? outside : 0)));
    perChannel = g.Add(g.MatMul(incidence(g, member, set.count), perGroup), g.constant(rest));
  }
  return reshape(
    g,
    perChannel,
    view.map((d, i) => (axes.includes(i) ? d : 1)),
  );
}

/**
 * Multiplies every group of a set by its factor; what is in no group stays.
 * @param factors [count]
 * @param w is read and, for the set's members, replaced
 */
export function scaleGroups(g: Builder, set: GroupSet, factors: Value, w: Map<Value, Value>): void {
  scaleInView(
    g,
    set,
    w,
    set.members.map((member) => spreadGroups(g, set, member, factors, 1)),
  );
}

/** Adds every group of a set times its factor to `sums`; what is in no group adds nothing. */
export function addGroups(g: Builder, set: GroupSet, factors: Value, w: Weights, sums: Map<Value, Value>): void {
  for (const member of set.members) {
    const { param } = member;
    const term = g.Mul(inView(g, member, w.get(param)!), spreadGroups(g, set, member, factors, 0));
    const shaped = outOfView(g, member, term);
    const before = sums.get(param);
    sums.set(param, before ? g.Add(before, shaped) : shaped);
  }
}

/**
 * Multiplies the elements of every group of a set, member by member; what is in no group stays.
 * @param times a member's factors times a scalar, where that is cheaper to make than from the factors
 */
export function scaleInView(
  g: Builder,
  set: GroupSet,
  w: Map<Value, Value>,
  factors: readonly Value[],
  times?: (member: number, by: Value) => Value,
): void {
  set.members.forEach((member, i) => {
    const x = inView(g, member, w.get(member.param)!);
    const shaped = (y: Value) => outOfView(g, member, y);
    if (member.channels?.includes(-1)) w.set(member.param, weighed(g, x, outsideOne(g, member, factors[i]), shaped));
    else if (times)
      w.set(
        member.param,
        scalable((by) => shaped(g.Mul(x, by ? times(i, by) : factors[i]))),
      );
    else w.set(member.param, weighed(g, x, factors[i], shaped));
  });
}

/** The factors with exactly 1 for channels that are in no group. */
function outsideOne(g: Builder, { view, axes, channels }: Member, factor: Value): Value {
  const shape = view.map((d, i) => (axes.includes(i) ? d : 1));
  const inside = g.constant(
    f32(
      Float32Array.from(channels!, (c) => (c < 0 ? 0 : 1)),
      shape,
    ),
  );
  return g.Add(g.Mul(factor, inside), g.Sub(1, inside));
}
