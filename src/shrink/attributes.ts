/** How a node's attributes change when channels go. Operators that are missing here have none that count channels. */
import { axisOf } from "../graph/op.ts";
import { sliceRange } from "../graph/ops/movement.ts";
import type { Attrs, Node } from "../graph/types.ts";

/** For each axis of an input or output: 1 = the index stays; undefined = the axis loses nothing. */
export type Masks = (side: "in" | "out", at: number) => readonly (Uint8Array | undefined)[];

type Cut = (node: Node, masks: Masks) => Attrs;

const kept = (mask: Uint8Array, from = 0, to = mask.length): number => {
  let n = 0;
  for (let i = from; i < to; i++) n += mask[i];
  return n;
};

/** A depthwise convolution has as many groups as channels; others keep their groups. */
const group: Cut = ({ attrs, inputs }, masks) => {
  const channels = inputs[0]!.shape[1];
  const mask = masks("in", 0)[1];
  return mask && attrs.group === channels && channels > 1 ? { ...attrs, group: kept(mask) } : attrs;
};

/** Written out where the axis is cut; 0 (copy) and −1 (the rest) stay where they still mean the same. */
const reshape: Cut = ({ attrs, outputs }, masks) => {
  const [ins, outs] = [masks("in", 0), masks("out", 0)];
  const shape = (attrs.shape as number[]).map((d, i) => {
    const mask = outs[i];
    if (mask) return d === -1 ? d : kept(mask);
    return d === 0 && ins[i] && !attrs.allowzero ? outputs[0]!.shape[i] : d;
  });
  return { ...attrs, shape };
};

const expand: Cut = ({ attrs, outputs }, masks) => {
  const shape = attrs.shape as number[];
  const shift = outputs[0]!.shape.length - shape.length;
  const outs = masks("out", 0);
  return { ...attrs, shape: shape.map((d, i) => (outs[i + shift] && d !== 1 ? kept(outs[i + shift]!) : d)) };
};

/** Without axes every axis of size 1 would go, a cut one too. */
const squeeze: Cut = ({ attrs, inputs }) =>
  attrs.axes ? attrs : { ...attrs, axes: inputs[0]!.shape.flatMap((d, i) => (d === 1 ? [i] : [])) };

/** Parts that lose everything go; their outputs are dropped by the caller. */
const split: Cut = ({ attrs, inputs }, masks) => {
  const axis = axisOf(attrs.axis as number, inputs[0]!.shape.length);
  const mask = masks("in", 0)[axis];
  if (!mask) return attrs;
  let at = 0;
  const sizes = (attrs.split as number[]).map((n) => kept(mask, at, (at += n)));
  return { ...attrs, split: sizes.filter((n) => n > 0) };
};

const slice: Cut = ({ attrs, inputs }, masks) => {
  const { shape } = inputs[0]!;
  const ranges = (attrs.axes as number[]).map((a, i) => {
    const axis = axisOf(a, shape.length);
    const [start, end] = [(attrs.starts as number[])[i], (attrs.ends as number[])[i]];
    const mask = masks("in", 0)[axis];
    if (!mask) return { start, end };
    const range = sliceRange(shape[axis], start, end, 1);
    const from = kept(mask, 0, range.start);
    return { start: from, end: from + kept(mask, range.start, range.start + range.length) };
  });
  return { ...attrs, starts: ranges.map((r) => r.start), ends: ranges.map((r) => r.end) };
};

const cuts: Readonly<Record<string, Cut>> = {
  Conv: group,
  ConvTranspose: group,
  Reshape: reshape,
  Expand: expand,
  Squeeze: squeeze,
  Split: split,
  Slice: slice,
};

/** The attributes of a node of which some axis loses indices. */
export const cutAttributes = (node: Node, masks: Masks): Attrs =>
  node.domain === "" && Object.hasOwn(cuts, node.op) ? cuts[node.op](node, masks) : node.attrs;
