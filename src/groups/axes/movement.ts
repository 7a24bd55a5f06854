/** Operators that only move data: each says where an index of an axis comes from. */
import { axesOf, axisOf } from "../../graph/op.ts";
import type { OpName } from "../../graph/ops/index.ts";
import { sliceRange } from "../../graph/ops/movement.ts";
import { numbers } from "../../graph/tensor.ts";
import { reshapeTies } from "./reshape.ts";
import { broadcastTies, input, output, pairs, type Rule, type RuleNode, type Tie, tie } from "./rule.ts";

const reshape: Rule = ({ inputs, outputs }) => ({
  why: "regroups this axis together with others",
  ties: reshapeTies(inputs[0]!.shape, outputs[0]!.shape),
});

/** Ties of input 0's axes that `keep` accepts, with the axis of the same number. */
const sameAxes = ({ inputs, outputs }: RuleNode, keep: (axis: number) => boolean): Tie[] =>
  inputs[0]!.shape.flatMap((_, i) =>
    keep(i) ? outputs.flatMap((o, at) => (o ? [tie(input(0, i), output(i, at))] : [])) : [],
  );

const Transpose: Rule = ({ attrs }) => ({ ties: (attrs.perm as number[]).map((p, i) => tie(input(0, p), output(i))) });

const Expand: Rule = ({ inputs, outputs }) => ({ ties: broadcastTies(0, inputs[0]!.shape, outputs[0]!.shape) });

const Tile: Rule = (node) => ({
  why: "repeats this axis",
  ties: sameAxes(node, (i) => (node.attrs.repeats as number[])[i] === 1),
});

const Pad: Rule = (node) => {
  const pads = node.attrs.pads as number[];
  return { why: "pads this axis", ties: sameAxes(node, (i) => !pads[i] && !pads[i + pads.length / 2]) };
};

const Concat: Rule = ({ inputs, attrs }) => {
  const axis = axisOf(attrs.axis as number, inputs[0]!.shape.length);
  let offset = 0;
  const ties = inputs.flatMap((x, at) => {
    const start = offset;
    offset += x!.shape[axis];
    const own = pairs(
      x!.shape[axis],
      (k) => k,
      (k) => start + k,
    );
    return x!.shape.map((_, i) => tie(input(at, i), output(i), i === axis ? own : undefined));
  });
  return { ties };
};

const Split: Rule = (node) => {
  const axis = axisOf(node.attrs.axis as number, node.inputs[0]!.shape.length);
  let offset = 0;
  const parts = (node.attrs.split as number[]).map((n, at) => {
    const start = offset;
    offset += n;
    const own = pairs(
      n,
      (k) => start + k,
      (k) => k,
    );
    return node.outputs[at] ? [tie(input(0, axis), output(axis, at), own)] : [];
  });
  return { ties: [...sameAxes(node, (i) => i !== axis), ...parts.flat()] };
};

/** Steps other than 1 would not survive the loss of an index between two that are taken. */
const Slice: Rule = (node) => {
  const { shape } = node.inputs[0]!;
  const [starts, ends, steps] = [node.attrs.starts, node.attrs.ends, node.attrs.steps] as number[][];
  const axes = axesOf(node.attrs.axes as number[], shape.length);
  const cut = axes.flatMap((axis, i) => {
    if (steps[i] !== 1) return [];
    const { start, length } = sliceRange(shape[axis], starts[i], ends[i], 1);
    const own = pairs(
      length,
      (k) => start + k,
      (k) => k,
    );
    return [tie(input(0, axis), output(axis), own)];
  });
  return { why: "takes every n-th index of this axis", ties: [...sameAxes(node, (i) => !axes.includes(i)), ...cut] };
};

/** With stored indices a selection; with computed ones only the other axes pass. */
const Gather: Rule = ({ inputs, attrs }, stored) => {
  const [x, indices] = inputs.map((v) => v!.shape);
  const axis = axisOf(attrs.axis as number, x.length);
  const shift = indices.length - 1;
  const others = x.flatMap((_, i) => (i === axis ? [] : [tie(input(0, i), output(i < axis ? i : i + shift))]));
  const rows = indices.map((_, i) => tie(input(1, i), output(axis + i)));
  const known = stored(1);
  if (!known || indices.length !== 1) return { why: "looks up this axis", ties: [...others, ...rows] };
  const at = numbers(known).map((k) => (k < 0 ? k + x[axis] : k));
  const own = pairs(
    at.length,
    (k) => at[k],
    (k) => k,
  );
  return { ties: [...others, tie(input(0, axis), output(axis), own)] };
};

/** Channel c of the deep side belongs to channel `of(c)` of the shallow side; the tie is given from input to output. */
const blocked =
  (deep: "in" | "out"): Rule =>
  ({ inputs, outputs, attrs }) => {
    const [from, to] = [inputs[0]!.shape[1], outputs[0]!.shape[1]];
    const square = (attrs.blocksize as number) ** 2;
    const shallow = Math.min(from, to);
    const of = attrs.mode === "CRD" ? (c: number) => Math.floor(c / square) : (c: number) => c % shallow;
    const same = (c: number) => c;
    const own = pairs(shallow * square, deep === "in" ? same : of, deep === "in" ? of : same);
    return {
      why: "moves between space and depth",
      ties: [tie(input(0, 0), output(0)), tie(input(0, 1), output(1), own)],
    };
  };

export const movement = {
  Reshape: reshape,
  Flatten: reshape,
  Squeeze: reshape,
  Unsqueeze: reshape,
  Transpose,
  Expand,
  Tile,
  Pad,
  Concat,
  Split,
  Slice,
  Gather,
  DepthToSpace: blocked("in"),
  SpaceToDepth: blocked("out"),
} satisfies Partial<Record<OpName, Rule>>;
