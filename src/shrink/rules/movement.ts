/** Operators that only move data. Their attributes are lists of sizes, positions and axes: some count indices. */
import { axisOf } from "../../graph/op.ts";
import { sliceRange } from "../../graph/ops/movement.ts";
import { opaque, plain, type ShrinkRules, stayCount } from "./rule.ts";

const fold = { along: () => (x: number) => x };
const moved = { ...plain, fold };
const elements = opaque("takes or puts single elements");
const made = opaque("is no channel of anything");

export const movementShrinking: ShrinkRules<"movement"> = {
  /** Written out where the axis is cut; 0 (copy) and −1 (the rest) stay where they still mean the same. */
  Reshape: {
    fold,
    cut: {
      attrs: ({ attrs, out }, masks) => {
        const [ins, outs] = [masks("in", 0), masks("out", 0)];
        const shape = attrs.shape.map((d, i) => {
          const mask = outs[i];
          if (mask) return d === -1 ? d : stayCount(mask);
          return d === 0 && ins[i] && !attrs.allowzero ? out.shape[i] : d;
        });
        return { ...attrs, shape };
      },
    },
  },
  Flatten: moved,
  Transpose: moved,
  /** Without axes every axis of size 1 would go, a cut one too. */
  Squeeze: {
    fold,
    cut: {
      attrs: ({ in: [x], attrs }) => ({
        ...attrs,
        axes: attrs.axes ?? x.shape.flatMap((d, i) => (d === 1 ? [i] : [])),
      }),
    },
  },
  Unsqueeze: moved,
  Expand: {
    fold,
    cut: {
      attrs: ({ attrs, out }, masks) => {
        const shift = out.shape.length - attrs.shape.length;
        const outs = masks("out", 0);
        return {
          ...attrs,
          shape: attrs.shape.map((d, i) => (outs[i + shift] && d !== 1 ? stayCount(outs[i + shift]!) : d)),
        };
      },
    },
  },
  Tile: moved,
  Pad: {
    cut: {
      behind: ({ attrs: a }, { attrs: b }) =>
        a.mode === "constant" &&
        b.mode === "constant" &&
        a.value === b.value &&
        [...a.pads, ...b.pads].every((p) => p >= 0)
          ? { ...a, pads: a.pads.map((p, i) => p + b.pads[i]) }
          : undefined,
    },
    fold: {
      along:
        ({ attrs: { mode, pads, value } }) =>
        (x) =>
          mode === "constant" && pads.some((p) => p !== 0) && x !== value ? Number.NaN : x,
    },
  },
  Concat: { fold, cut: { without: "inputs" } },
  Split: {
    fold,
    cut: {
      without: "outputs",
      attrs: ({ in: [x], attrs }, masks) => {
        const mask = masks("in", 0)[axisOf(attrs.axis, x.shape.length)];
        if (!mask) return attrs;
        let at = 0;
        const sizes = attrs.split.map((n) => stayCount(mask, at, (at += n)));
        return { ...attrs, split: sizes.filter((n) => n > 0) };
      },
    },
  },
  Slice: {
    fold,
    cut: {
      behind: ({ in: [x], attrs: a }, { attrs: b }) =>
        [a, b].every(
          ({ starts: [s], steps: [t], axes, ends: [e] }) => axes.length === 1 && s === 0 && t === 1 && e >= 0,
        ) &&
        axisOf(a.axes[0], x.shape.length) === axisOf(b.axes[0], x.shape.length) &&
        b.ends[0] <= a.ends[0]
          ? b
          : undefined,
      attrs: ({ in: [x], attrs }, masks) => {
        const ranges = attrs.axes.map((a, i) => {
          const axis = axisOf(a, x.shape.length);
          const [start, end] = [attrs.starts[i], attrs.ends[i]];
          const mask = masks("in", 0)[axis];
          if (!mask) return { start, end };
          if (attrs.steps[i] !== 1) return { start, end: stayCount(mask) }; // of whole blocks, all are taken from
          const range = sliceRange(x.shape[axis], start, end, 1);
          const from = stayCount(mask, 0, range.start);
          return { start: from, end: from + stayCount(mask, range.start, range.start + range.length) };
        });
        return { ...attrs, starts: ranges.map((r) => r.start), ends: ranges.map((r) => r.end) };
      },
    },
  },
  Gather: { fold: { ...fold, from: [0] }, cut: { indices: { at: 1, axis: ({ axis }) => axis } } },
  DepthToSpace: moved,
  SpaceToDepth: moved,
  GatherElements: elements,
  ScatterElements: elements,
  ScatterND: elements,
  OneHot: made,
  Shape: made,
  Size: made,
  Constant: made,
  ConstantOfShape: made,
};
