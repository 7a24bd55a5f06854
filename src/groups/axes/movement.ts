/** Operators that only move data: each says where an index of an axis comes from. */
import { axesOf, axisOf } from "../../graph/op.ts";
import { sliceRange } from "../../graph/ops/movement.ts";
import type { Value } from "../../graph/types.ts";
import { reshapeFlow } from "./reshape.ts";
import {
  type AxesRules,
  barrier,
  broadcastTies,
  type Flow,
  indexPairs,
  inputEnd,
  outputEnd,
  partPairs,
  sameAxes,
  tie,
} from "./rule.ts";

interface Moved {
  readonly in: readonly [Value];
  readonly out: Value;
}
const reshape = ({ in: [x], out }: Moved): Flow => ({
  ...reshapeFlow(x.shape, out.shape),
  moves: true,
});

/** Channel c of the deep side belongs to channel `of(c)` of the shallow side; the tie is given from input to output. */
function blocked({ in: [x], out }: Moved, blocksize: number, mode: "DCR" | "CRD"): Flow {
  const [from, to] = [x.shape[1], out.shape[1]];
  const shallow = Math.min(from, to);
  const square = blocksize ** 2;
  const of = mode === "CRD" ? (c: number) => Math.floor(c / square) : (c: number) => c % shallow;
  const same = (c: number) => c;
  const deepIn = from > to;
  const own = indexPairs(shallow * square, deepIn ? same : of, deepIn ? of : same);
  return {
    why: "moves between space and depth",
    ties: [tie(inputEnd(0, 0), outputEnd(0)), tie(inputEnd(0, 1), outputEnd(1), own)],
  };
}

const elements = barrier("takes single elements by their positions");
const made = barrier("makes what depends on no channel");

export const movementAxes: AxesRules<"movement"> = {
  Reshape: reshape,
  Flatten: reshape,
  Squeeze: reshape,
  Unsqueeze: reshape,
  Transpose: ({ attrs: { perm } }) => ({ ties: perm.map((p, i) => tie(inputEnd(0, p), outputEnd(i))), moves: true }),
  Expand: ({ in: [x], out }) => {
    const ties = broadcastTies(0, x.shape, out.shape);
    return { ties, repeats: out.shape.flatMap((_, i) => (ties.some(({ b }) => b.axis === i) ? [] : [i])) };
  },
  Tile: ({ in: [x], attrs: { repeats } }) => ({ why: "repeats this axis", ties: sameAxes(x, (i) => repeats[i] === 1) }),
  Pad: ({ in: [x], attrs: { pads, mode, value } }) => {
    const last = x.shape.length - 1;
    const kept = indexPairs(
      x.shape[last],
      (k) => k,
      (k) => k,
    );
    const behind = mode === "constant" && value === 0 && pads[last] === 0 && pads[2 * last + 1] > 0;
    return {
      why: "pads this axis",
      ties: [
        ...sameAxes(x, (i) => !pads[i] && !pads[i + pads.length / 2]),
        ...(behind ? [tie(inputEnd(0, last), outputEnd(last), kept)] : []),
      ],
    };
  },
  Concat: ({ in: inputs, attrs }) => {
    const axis = axisOf(attrs.axis, inputs[0].shape.length);
    let offset = 0;
    const ties = inputs.flatMap((x, at) => {
      const start = offset;
      offset += x.shape[axis];
      const own = indexPairs(
        x.shape[axis],
        (k) => k,
        (k) => start + k,
      );
      return x.shape.map((_, i) => tie(inputEnd(at, i), outputEnd(i), i === axis ? own : undefined));
    });
    return { ties };
  },
  Split: ({ in: [x], out, attrs }) => {
    const axis = axisOf(attrs.axis, x.shape.length);
    let offset = 0;
    const parts = attrs.split.flatMap((n, at) => {
      const start = offset;
      offset += n;
      return out[at] ? [tie(inputEnd(0, axis), outputEnd(axis, at), partPairs(n, start))] : [];
    });
    return { ties: [...sameAxes(x, (i) => i !== axis, out), ...parts] };
  },
  /** What is taken in steps of n goes with what lies between: blocks of n, of which the next one begins where the last one ended. */
  Slice: ({ in: [x], attrs: { starts, ends, steps, axes: given }, follows }) => {
    const axes = axesOf(given, x.shape.length);
    const cut = axes.flatMap((axis, i) => {
      // as many entries as the samples have places, of a table or of what is made of one: at other sizes others are read
      const moves = [follows?.["starts"]?.[i], follows?.["ends"]?.[i]].some((s) => typeof s === "object");
      if (moves) return [];
      const [n, step] = [x.shape[axis], steps[i]];
      if (step === 1) {
        const { start, length } = sliceRange(n, starts[i], ends[i], 1);
        return [tie(inputEnd(0, axis), outputEnd(axis), partPairs(length, start))];
      }
      const { start, length } = sliceRange(n, starts[i], ends[i], step);
      if (step < 1 || n % step !== 0 || length !== n / step || start < 0 || start >= step) return [];
      const taken = indexPairs(
        length,
        (k) => start + k * step,
        (k) => k,
      );
      const block = indexPairs(
        n,
        (k) => k - (k % step),
        (k) => k,
      );
      return [tie(inputEnd(0, axis), outputEnd(axis), taken), tie(inputEnd(0, axis), inputEnd(0, axis), block)];
    });
    return { why: "takes every n-th index of this axis", ties: [...sameAxes(x, (i) => !axes.includes(i)), ...cut] };
  },
  /** With a stored list of indices a selection; otherwise only the other axes pass: where indices stand is no channel of theirs. */
  Gather: ({ in: [x, indices], attrs }, stored) => {
    const axis = axisOf(attrs.axis, x.shape.length);
    const shift = indices.shape.length - 1;
    const others = x.shape.flatMap((_, i) =>
      i === axis ? [] : [tie(inputEnd(0, i), outputEnd(i < axis ? i : i + shift))],
    );
    const known = stored(1);
    if (!known || shift !== 0) return { why: "looks up this axis", ties: others };
    const own = indexPairs(
      known.data.length,
      (k) => {
        const at = Number(known.data[k]);
        return at < 0 ? at + x.shape[axis] : at;
      },
      (k) => k,
    );
    return { ties: [...others, tie(inputEnd(0, axis), outputEnd(axis), own)] };
  },
  DepthToSpace: (site) => blocked(site, site.attrs.blocksize, site.attrs.mode),
  SpaceToDepth: (site) => blocked(site, site.attrs.blocksize, "DCR"),
  GatherElements: elements,
  ScatterElements: elements,
  ScatterND: elements,
  OneHot: barrier("turns indices into an axis of its own"),
  Shape: barrier("measures this axis"),
  Size: barrier("measures this axis"),
  Constant: made,
  ConstantOfShape: made,
};
