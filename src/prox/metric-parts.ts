/**
 * The groups of a proximal step in a metric, part by part: what is done to every element is done to a part at once, what is done to the
 * numbers of groups to all parts at once. Small weights are one part together, as columns of one matrix: a step spends as long on starting
 * an operator as on a thousand elements.
 */
import type { Builder } from "../graph/builder.ts";
import { reshape } from "../graph/emit.ts";
import { full, size } from "../graph/tensor.ts";
import type { Shape, Value } from "../graph/types.ts";
import type { GroupSet, Member } from "../groups/group-set.ts";
import { groupSums, inView, scaleInView, spreadGroups, type Weights } from "../groups/slices.ts";

/** Elements in views, with their groups' numbers as rows [1, count]. */
export interface MetricPart {
  readonly sets: readonly GroupSet[];
  readonly count: number;
  /** What the prox is of, view by view. */
  readonly p: readonly Value[];
  /** The metric; 1 where a view is larger than its parameter. */
  readonly d: readonly Value[];
  /** Σ over every group of a term for each view. */
  sums(terms: readonly Value[]): Value;
  /** Numbers of the groups, as they broadcast to each view. */
  spread(numbers: Value): readonly Value[];
  /** Multiplies the elements by n/d, view by view; what is in no group stays. A scalar may still join n. */
  scale(n: readonly Value[], d: readonly Value[]): void;
}

/** Sets with more weights are parts by themselves. */
const SMALL = 1 << 14;

/** Elements of the matrix that small weights share, with what fills it up. */
const SHARED = 1 << 16;

/**
 * @param sets without common members
 * @param w read and, by `scale`, replaced
 */
export function metricParts(
  g: Builder,
  sets: readonly GroupSet[],
  w: Map<Value, Value>,
  metric: Weights,
): MetricPart[] {
  const small = sets.filter(isSmall);
  const rows = Math.max(...small.map((set) => rowsOf(set.members[0])));
  const columns = small.reduce((n, { count }) => n + count, 0);
  const shared = small.length > 1 && rows * columns <= SHARED;
  const own = shared ? sets.filter((set) => !small.includes(set)) : sets;
  const parts = own.map((set) =>
    isColumns(set) ? besideOneAnother(g, [set], w, metric) : byItself(g, set, w, metric),
  );
  return shared ? [...parts, besideOneAnother(g, small, w, metric)] : parts;
}

/** Whether each group is a slice of one tensor. */
const isSliced = ({ members }: GroupSet): boolean => members.length === 1 && !members[0].channels && !members[0].pad;

const isSmall = (set: GroupSet): boolean => isSliced(set) && size(set.members[0].view) <= SMALL;

/** Whether the groups are the columns of a matrix as it stands. */
const isColumns = (set: GroupSet): boolean =>
  isSliced(set) && set.members[0].view.length === 2 && isLast(set.members[0]);

/** The axes of a view that are within a group. */
const othersOf = ({ view, axes }: Member): number[] => view.flatMap((_, i) => (axes.includes(i) ? [] : [i]));
const isLast = ({ view, axes }: Member): boolean => axes.length === 1 && axes[0] === view.length - 1;
const rowsOf = (member: Member): number => othersOf(member).reduce((n, i) => n * member.view[i], 1);

/** A set of any kind. */
function byItself(g: Builder, set: GroupSet, w: Map<Value, Value>, metric: Weights): MetricPart {
  const { members, count } = set;
  return {
    sets: [set],
    count,
    p: members.map((member) => inView(g, member, w.get(member.param)!)),
    d: members.map((member) => inView(g, member, metric.get(member.param)!, 1)),
    sums: (terms) => reshape(g, groupSums(g, set, terms), [1, count]),
    spread: (numbers) => {
      const flat = reshape(g, numbers, [count]);
      return members.map((member) => spreadGroups(g, set, member, flat, 1));
    },
    scale: (n, d) => scaleByRatio(g, set, w, n, d),
  };
}

/** Sets of slices, which become columns of one matrix: shorter ones end in zeros, in the metric 1. */
function besideOneAnother(g: Builder, sets: readonly GroupSet[], w: Map<Value, Value>, metric: Weights): MetricPart {
  const members = sets.map((set) => set.members[0]);
  const rows = Math.max(...members.map(rowsOf));
  const count = sets.reduce((n, set) => n + set.count, 0);
  const matrix = (of: Weights, fill: number): Value => {
    const each = members.map((member) => {
      const own = columnsOf(g, member, of.get(member.param)!);
      const missing = rows - rowsOf(member);
      return missing > 0 ? g.Pad(own, { pads: [0, 0, missing, 0], value: fill }) : own;
    });
    return each.length === 1 ? each[0] : g.Concat(each, { axis: 1 });
  };
  const p = matrix(w, 0);
  const ones = g.constant(full([1, rows], 1));
  return {
    sets,
    count,
    p: [p],
    d: [matrix(metric, 1)],
    sums: ([term]) => g.MatMul(ones, term),
    spread: (numbers) => [numbers],
    scale(n, d) {
      if (sets.length === 1) return scaleByRatio(g, sets[0], w, n, d);
      const scaled = g.Mul(p, g.Div(n[0], d[0]));
      let from = 0;
      for (const [i, member] of members.entries()) {
        const to = from + sets[i].count;
        const own = g.Slice(scaled, { starts: [0, from], ends: [rowsOf(member), to], axes: [0, 1] });
        w.set(member.param, fromColumns(g, member, own));
        from = to;
      }
    },
  };
}

function scaleByRatio(g: Builder, set: GroupSet, w: Map<Value, Value>, n: readonly Value[], d: readonly Value[]): void {
  const factors = n.map((x, i) => g.Div(x, d[i]));
  scaleInView(g, set, w, factors, (i, by) => g.Div(g.Mul(n[i], by), d[i]));
}

/** A parameter with a column for each group. */
function columnsOf(g: Builder, member: Member, x: Value): Value {
  const viewed = inView(g, member, x);
  const turned = isLast(member) ? viewed : g.Transpose(viewed, { perm: [...othersOf(member), ...member.axes] });
  return reshape(g, turned, [rowsOf(member), size(member.view) / rowsOf(member)]);
}

/** The parameter that has these columns. */
function fromColumns(g: Builder, member: Member, x: Value): Value {
  const { view, axes, param } = member;
  const order = [...othersOf(member), ...axes];
  const turned: Shape = order.map((i) => view[i]);
  const viewed = isLast(member)
    ? x
    : g.Transpose(reshape(g, x, turned), { perm: view.map((_, i) => order.indexOf(i)) });
  return reshape(g, viewed, param.shape);
}
