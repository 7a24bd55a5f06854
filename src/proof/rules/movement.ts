/** Operators that only move data. */
import { axesOf, axisOf } from "../../graph/op.ts";
import { sliceRange } from "../../graph/ops/movement.ts";
import { size } from "../../graph/tensor.ts";
import type { Shape, Value } from "../../graph/types.ts";
import { spend } from "../effort.ts";
import { collapsed, expanded, type Fact, factOfTensor, known, met, moved, nothing, picked } from "../fact.ts";
import { aligned, allOnes, forwards, type Index, type Move, unionOf } from "../field.ts";
import { greatest, movedBack, nowhere, unbroadcast } from "../need.ts";
import { opaqueRule } from "../opaque.ts";
import { wherever } from "../wherever.ts";
import type { Call, ProofRule, ProofRuleOf, ProofRules } from "./rule.ts";

/** @param steps what moves the first input to output `at` */
const move = <A>(steps: (call: Call<A>, at: number) => readonly Move[]): ProofRule<A> => ({
  known: (call, at) => collapsed(moved(call.known[0], steps(call, at))),
  needs: (call, _, need, at) => movedBack(need, steps(call, at)),
});

const reshape = move<unknown>(({ inputs, outputs }) => [
  { kind: "reshape", from: inputs[0]!.shape, to: outputs[0]!.shape },
]);

const select = (v: Value, axis: number, index: Index): Move => ({
  kind: "select",
  axis,
  index,
  size: v.shape[axis],
});
/** n indices of `size`, from a first one on. */
const range = (start: number, n: number, size: number, step = 1): Index => ({
  length: n,
  at: (j) => start + step * j,
  other: false,
  all: n === size,
});
const rankOf = ({ inputs }: Call<unknown>) => inputs[0]!.shape.length;

type SliceCall = Parameters<ProofRuleOf<"Slice">["known"]>[0];

const Slice: ProofRuleOf<"Slice"> = wherever(
  move<SliceCall["attrs"]>((call) =>
    axesOf(call.attrs.axes, rankOf(call)).map((axis, i) => {
      const { starts, ends, steps } = call.attrs;
      const cut = sliceRange(call.inputs[0]!.shape[axis], starts[i], ends[i], steps[i]);
      return select(call.inputs[0]!, axis, range(cut.start, cut.length, call.inputs[0]!.shape[axis], cut.step));
    }),
  ),
  (call, moves) =>
    axesOf(call.attrs.axes, rankOf(call)).filter((_, i) => moves("starts", i) || moves("ends", i) || moves("steps", i)),
);

const starts = new WeakMap<object, Float64Array>();
/** Where each of some parts of an axis begins; asked for part after part, and worked out once. */
function startsOf({ outputs }: Pick<Call<unknown>, "outputs">, sizes: () => readonly number[]): Float64Array {
  const known = starts.get(outputs);
  if (known) return known;
  const parts = sizes();
  const found = new Float64Array(parts.length);
  for (let i = 1; i < found.length; i++) found[i] = found[i - 1] + parts[i - 1];
  starts.set(outputs, found);
  return found;
}

type SplitCall = Parameters<ProofRuleOf<"Split">["known"]>[0];

const Split: ProofRuleOf<"Split"> = wherever(
  move<SplitCall["attrs"]>((call, at) => {
    const { split } = call.attrs;
    const [x, axis] = [call.inputs[0]!, axisOf(call.attrs.axis, rankOf(call))];
    const before = startsOf(call, () => split)[at];
    return [select(x, axis, range(before, split[at], x.shape[axis]))];
  }),
  (call, moves) => (call.attrs.split.some((_, i) => moves("split", i)) ? [axisOf(call.attrs.axis, rankOf(call))] : []),
);

const Tile: ProofRuleOf<"Tile"> = move(({ attrs, inputs: [x] }) =>
  attrs.repeats.flatMap((n, axis) =>
    n === 1
      ? []
      : [
          select(x!, axis, {
            length: n * x!.shape[axis],
            at: (j) => j % x!.shape[axis],
            other: false,
            all: n > 0,
          }),
        ],
  ),
);

type PadCall = Parameters<ProofRuleOf<"Pad">["known"]>[0];

/** Where index i of a padded axis of n indices comes from; −1 = the padding. */
const padding = {
  constant: (i: number, n: number) => (i < 0 || i >= n ? -1 : i),
  edge: (i: number, n: number) => Math.min(Math.max(i, 0), n - 1),
  reflect: (i: number, n: number) => (i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i),
};

const padSteps = ({ attrs: { pads, mode }, inputs: [x] }: PadCall): Move[] =>
  x!.shape.flatMap((n, axis) => {
    const [before, after] = [pads[axis], pads[axis + x!.shape.length]];
    if (before === 0 && after === 0) return [];
    const grows = before >= 0 && after >= 0;
    return [
      select(x!, axis, {
        length: n + before + after,
        at: (j) => padding[mode](j - before, n),
        other: mode === "constant" && (before > 0 || after > 0),
        all: grows,
      }),
    ];
  });

const padded: ProofRuleOf<"Pad"> = {
  known(call) {
    const filled = padSteps(call).reduce((now, step) => {
      const pick = forwards(now.shape, step);
      const k = picked(now, pick);
      return { ...k, value: k.value.map((c, i) => (pick.from[i] < 0 ? Math.fround(call.attrs.value) : c)) };
    }, call.known[0]);
    return collapsed(filled);
  },
  needs: (call, _, need) => movedBack(need, padSteps(call)),
};

/** Pads may be negative, and take away. */
const Pad: ProofRuleOf<"Pad"> = wherever(padded, (call: PadCall, moves) =>
  call.inputs[0]!.shape.flatMap((_, i) => (moves("pads", i) || moves("pads", i + rankOf(call)) ? [i] : [])),
);

/** Input k of a Concat, as what is taken from the result. */
const part = ({ attrs, inputs, outputs }: Call<{ readonly axis: number }>, k: number): Move => {
  const axis = axisOf(attrs.axis, outputs[0]!.shape.length);
  const before = startsOf({ outputs }, () => inputs.map((v) => v!.shape[axis]))[k];
  return select(outputs[0]!, axis, range(before, inputs[k]!.shape[axis], outputs[0]!.shape[axis]));
};

const Concat: ProofRuleOf<"Concat"> = {
  known(call) {
    const axis = axisOf(call.attrs.axis, call.outputs[0]!.shape.length);
    const common = unionOf(call.known.map((k) => k.shape));
    spend(call.inputs.length + 4 * size(common) * call.outputs[0]!.shape[axis]);
    const shapes = call.inputs.map((v) => common.map((d, i) => (i === axis ? v!.shape[axis] : d)));
    const parts = call.known.map((k, i) => expanded(k, shapes[i]));
    const [outer, n] = [size(common.slice(0, axis)), call.outputs[0]!.shape[axis]];
    const value: number[] = [];
    const error: number[] = [];
    for (let o = 0; o < outer; o++)
      for (const p of parts) {
        const each = p.value.length / outer;
        for (let i = o * each; i < (o + 1) * each; i++) {
          value.push(p.value[i]);
          error.push(p.error?.[i] ?? 0);
        }
      }
    const shape = common.map((d, i) => (i === axis ? n : d));
    return collapsed(known(shape, Float64Array.from(value), Float64Array.from(error)));
  },
  needs(call, k, need) {
    const step = part(call, k);
    const pick = forwards(need.shape, step);
    return { shape: pick.shape, level: Uint8Array.from(pick.from, (i) => need.level[i]) };
  },
};

type GatherCall = Parameters<ProofRuleOf<"Gather">["known"]>[0];

/** The steps of a look-up by stored indices; undefined when they are computed. */
function lookUp({ attrs, inputs: [x, indices], known: [, k], outputs }: GatherCall): Move[] | undefined {
  if (!k.stored) return undefined;
  spend(2 * k.value.length);
  if (k.value.some((i) => Number.isNaN(i))) return undefined;
  const axis = axisOf(attrs.axis, x!.shape.length);
  const n = x!.shape[axis];
  const list = Int32Array.from(expanded(k, indices!.shape).value, (i) => (i < 0 ? i + n : i));
  const index: Index = { length: list.length, at: (j) => list[j], other: list.includes(-1), all: false };
  const flat = x!.shape.map((d, i) => (i === axis ? index.length : d));
  return [select(x!, axis, index), { kind: "reshape", from: flat, to: outputs[0]!.shape }];
}

/** What is known of rows that are looked up, whichever they are: that in which all are alike. */
function anyRow({ attrs, inputs: [x, indices], known: [k] }: GatherCall): Fact {
  const axis = axisOf(attrs.axis, x!.shape.length);
  spend(k.value.length);
  const line = met(k, [axis]);
  const shape = [...k.shape.slice(0, axis), ...allOnes(indices!.shape.length), ...k.shape.slice(axis + 1)];
  return known(shape, line.value, line.error);
}

/** Computed indices may pick any index of the axis. Stored indices are data that can be written anew for a smaller axis. */
const Gather: ProofRuleOf<"Gather"> = {
  known(call) {
    const steps = lookUp(call);
    return collapsed(steps ? moved(call.known[0], steps) : anyRow(call));
  },
  needs(call, k, need) {
    const steps = lookUp(call);
    const [x, indices] = call.inputs;
    if (steps) return k === 0 ? movedBack(need, steps) : nowhere(indices!.shape.length);
    if (k === 1) return opaqueRule.needs(call, k, need, 0);
    const axis = axisOf(call.attrs.axis, x!.shape.length);
    const rows = indices!.shape.map((_, i) => axis + i);
    const line = greatest(need, rows);
    return { shape: [...line.shape.slice(0, axis), 1, ...line.shape.slice(axis + rows.length)], level: line.level };
  },
};

/** [N, b·b·C, H, W] → [N, C, H·b, W·b], as a view of six axes that are permuted. */
function depthToSpace(x: Shape, b: number, mode: "DCR" | "CRD"): Move[] {
  const [n, c, h, w] = x;
  const deep = c / (b * b);
  const view = mode === "DCR" ? [n, b, b, deep, h, w] : [n, deep, b, b, h, w];
  const perm = mode === "DCR" ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3];
  return [
    { kind: "reshape", from: x, to: view },
    { kind: "permute", perm },
    { kind: "reshape", from: perm.map((p) => view[p]), to: [n, deep, h * b, w * b] },
  ];
}

/** [N, C, H·b, W·b] → [N, b·b·C, H, W]. */
function spaceToDepth(x: Shape, b: number): Move[] {
  const [n, c, H, W] = x;
  const [h, w] = [H / b, W / b];
  const perm = [0, 3, 5, 1, 2, 4];
  const view = [n, c, h, b, w, b];
  return [
    { kind: "reshape", from: x, to: view },
    { kind: "permute", perm },
    { kind: "reshape", from: perm.map((p) => view[p]), to: [n, b * b * c, h, w] },
  ];
}

export const movementProofs: ProofRules<"movement"> = {
  Reshape: reshape,
  Flatten: reshape,
  Squeeze: reshape,
  Unsqueeze: reshape,
  Transpose: { ...move(({ attrs }) => [{ kind: "permute", perm: attrs.perm }]), permutes: ({ attrs }) => attrs.perm },
  Slice,
  Split,
  Tile,
  Pad,
  Concat,
  Gather,
  DepthToSpace: move(({ attrs, inputs }) => depthToSpace(inputs[0]!.shape, attrs.blocksize, attrs.mode)),
  SpaceToDepth: move(({ attrs, inputs }) => spaceToDepth(inputs[0]!.shape, attrs.blocksize)),
  Expand: {
    known({ known: [x], outputs: [y] }) {
      const shape = aligned(x.shape, y!.shape.length);
      return { ...x, shape };
    },
    needs: ({ inputs }, k, need) => unbroadcast(need, inputs[k]!.shape),
  },
  Constant: {
    known: ({ attrs }) => (attrs.value ? factOfTensor(attrs.value) : nothing(0)),
    needs: (_, __, need) => need,
  },
  ConstantOfShape: {
    known: ({ attrs }) => ({ ...factOfTensor(attrs.value), shape: allOnes(attrs.shape.length) }),
    needs: (_, __, need) => need,
  },
  // what they return depends on how long an axis is, or on all that it holds
  Shape: opaqueRule,
  Size: opaqueRule,
  GatherElements: opaqueRule,
  ScatterElements: opaqueRule,
  ScatterND: opaqueRule,
  OneHot: opaqueRule,
};
