/**
 * Recurrent layers. Their operators give the states alone, of which the gates would have to be computed again for the gradient: where a layer
 * is differentiated, its forward pass is written out step by step in its place and keeps them. What is not differentiated stays one node.
 * A step of the benchmark's LSTM at batch 128 and 16 takes 0.67 and 0.72 of the processor time that it takes from states alone
 * (onnxruntime-node 1.30, AMD EPYC with AVX-512, one thread).
 * Of few samples, up to 8, it takes 1.1 to 1.5 of it: there are twice as many nodes, and each costs more than what it computes.
 * The number of steps is that of the step graph, whose shapes are concrete.
 */
import type { Builder } from "../../graph/builder.ts";
import { reshape } from "../../graph/emit.ts";
import type { Value } from "../../graph/types.ts";
import { zerosAs } from "./indexing.ts";
import {
  type Arriving,
  belowEachOther,
  type Cell,
  equalRows,
  type LayerWay,
  lstmCell,
  reluCell,
  tanhCell,
  type Went,
} from "./recurrent-cells.ts";
import { gruCell } from "./recurrent-gru.ts";
import { partsOfSteps } from "./recurrent-steps.ts";
import type { FamilyRules, Missing } from "./rule.ts";

/** A layer as its rule sees it. */
interface Site {
  readonly in: readonly (Value | null | undefined)[];
  readonly out: readonly (Value | null)[];
  readonly attrs: {
    readonly activations: readonly string[] | undefined;
    readonly clip: number | undefined;
    readonly direction: string;
    readonly layout: number;
    readonly input_forget?: number;
  };
}

/** Settings that have no rule. @param usual the functions of one direction */
function unusual({ in: inputs, attrs }: Site, usual: readonly string[]): Missing | undefined {
  if (attrs.clip) return { without: `clip ${attrs.clip}` };
  if (attrs.input_forget) return { without: "input_forget" };
  if (inputs[7]) return { without: "peepholes" };
  const other = attrs.activations?.find((a, i) => a.toLowerCase() !== usual[i % usual.length].toLowerCase());
  return other ? { without: `the activation ${other}` } : undefined;
}

/** The parts of a value along an axis of one or two directions, without that axis. */
function ways(g: Builder, v: Value | null | undefined, axis: number): readonly (Value | null)[] {
  if (!v) return [null, null];
  const shape = v.shape.filter((_, i) => i !== axis);
  if (v.shape[axis] === 1) return [reshape(g, v, shape)];
  return g.Split(v, { axis, split: [1, 1] }).map((part) => reshape(g, part, shape));
}

/** Directions put together again, along an axis of their own. */
function together(g: Builder, values: readonly Value[], axis: number): Value {
  const own = values.map((v) => reshape(g, v, v.shape.toSpliced(axis, 0, 1)));
  return own.length === 1 ? own[0] : g.Concat(own, { axis });
}

/** The file's layout, and that of the cells: steps, then directions, then batches, which stand last for the cells. */
interface Arrangement {
  /** X [steps, in, batch]. */
  x(v: Value): Value;
  /** The axis of the steps in the file's layout. */
  readonly steps: number;
  /** States of all steps, [steps, directions, batch, units], and of one. */
  readonly all: { of(v: Value): Value; to(v: Value): Value };
  readonly one: { of(v: Value): Value; to(v: Value): Value };
}

const moved =
  (g: Builder, perm: readonly number[]) =>
  (v: Value): Value =>
    perm.every((axis, i) => axis === i) ? v : g.Transpose(v, { perm });

/** Batch first or steps first. */
const arrangement = (g: Builder, layout: number): Arrangement => ({
  x: moved(g, layout ? [1, 2, 0] : [0, 2, 1]),
  steps: layout,
  all: { of: moved(g, layout ? [1, 2, 3, 0] : [0, 1, 3, 2]), to: moved(g, layout ? [3, 0, 1, 2] : [0, 1, 3, 2]) },
  one: { of: moved(g, layout ? [1, 2, 0] : [0, 2, 1]), to: moved(g, layout ? [2, 0, 1] : [0, 2, 1]) },
});

/** [steps, width, batch] step by step, in the order of a direction. */
function stepsOf(g: Builder, v: Value, isBack: boolean): readonly Value[] {
  const [steps, width, batch] = v.shape;
  const all = equalRows(g, reshape(g, v, [steps * width, batch]), steps);
  return isBack ? all.toReversed() : all;
}

/** The same put together again. */
function fromSteps(g: Builder, list: readonly Value[], isBack: boolean): Value {
  const [width, batch] = list[0].shape;
  return reshape(g, belowEachOther(g, isBack ? list.toReversed() : list), [list.length, width, batch]);
}

/** A direction of a layer that has gone through its sequence. */
interface Direction {
  readonly way: LayerWay;
  readonly went: Went;
}

/** The layer written out, direction by direction. */
function forward(g: Builder, { in: inputs, attrs }: Site, cell: Cell, to: Arrangement): readonly Direction[] {
  const [X, W, R, B, lengths, H0, C0] = inputs;
  const own = to.x(X!);
  const [steps, , batch] = own.shape;
  const ones = B && g.Expand(g.scalar(1, own.dtype), { shape: [steps, 1, batch] });
  const x = ones ? g.Concat([own, ones], { axis: 1 }) : own;
  const number = lengths && reshape(g, lengths, [1, batch]);
  const valid = number ? Array.from({ length: steps }, (_, t) => g.Greater(number, t)) : null;
  const start = (v: Value | null | undefined) => ways(g, v && to.one.of(v), 0);
  const [w, r, b, h0, c0] = [ways(g, W, 0), ways(g, R, 0), ways(g, B, 0), start(H0), start(C0)];
  return w.map((wd, d) => {
    const isBack = attrs.direction === "reverse" || d === 1;
    const units = r[d]!.shape[1];
    const none = () => zerosAs(g, { dtype: own.dtype, shape: [units, batch] });
    const [wb, rb] = b[d] ? equalRows(g, reshape(g, b[d], [b[d].shape[0], 1]), 2) : [];
    const way: LayerWay = {
      isBack,
      x: stepsOf(g, x, isBack),
      w: wd!,
      r: r[d]!,
      biases: b[d] && [wb, rb],
      h0: h0[d] ?? none(),
      c0: c0[d] ?? none(),
      valid: valid && (isBack ? valid.toReversed() : valid),
    };
    return { way, went: cell(g, way) };
  });
}

/** What belongs to each step where the sequences have it, elsewhere 0. */
const shown = <V extends Value | null>(g: Builder, steps: readonly V[], { valid }: LayerWay): readonly (Value | V)[] =>
  valid ? steps.map((v, t) => v && g.Where(valid[t], v, g.scalar(0, v.dtype))) : steps;

/** The gradient of the states of all steps: of each step that has one, [units, batch] of each direction. */
function arrivingSteps(g: Builder, dy: Value, to: Arrangement): readonly (readonly Value[] | null)[] {
  const few = partsOfSteps(g, dy, to.steps);
  if (few) return few.map((v) => v && ways(g, to.all.of(v), 1).map((one) => reshape(g, one!, one!.shape.slice(1))));
  const all = ways(g, to.all.of(dy), 1).map((v) => stepsOf(g, v!, false));
  return all[0].map((_, t) => all.map((list) => list[t]));
}

/** What the layer gives: the states of all steps, the last ones, and those of the cells. */
function given(g: Builder, directions: readonly Direction[], to: Arrangement): readonly Value[] {
  const all = directions.map(({ way, went }) => fromSteps(g, shown(g, went.states, way), way.isBack));
  const last = directions.map(({ went }) => went.states.at(-1)!);
  const cells = directions.flatMap(({ went }) => went.cells ?? []);
  const ends = [last, ...(cells.length > 0 ? [cells] : [])];
  return [to.all.to(together(g, all, 1)), ...ends.map((list) => to.one.to(together(g, list, 0)))];
}

/** The gradients of a layer's inputs. */
function layerBack(g: Builder, site: Site, dy: readonly (Value | null)[], cell: Cell): readonly (Value | null)[] {
  const to = arrangement(g, site.attrs.layout);
  const [, , , B, , H0, C0] = site.in;
  const directions = g.inPlaceOf(site.out, () => {
    const made = forward(g, site, cell, to);
    return { made, outputs: given(g, made, to) };
  }).made;
  const [dH, dC] = [1, 2].map((i) => ways(g, dy[i] && to.one.of(dy[i]), 0));
  const dY = dy[0] && arrivingSteps(g, dy[0], to);
  const backs = directions.map(({ way, went }, d) => {
    const own = dY?.map((step) => step?.[d] ?? null);
    const steps = own && shown(g, way.isBack ? own.toReversed() : own, way);
    const arriving: Arriving = { dy: steps ?? null, dh: dH[d], dc: dC[d] };
    const left = went.back(arriving);
    const db = left.biases && reshape(g, belowEachOther(g, left.biases), [2 * left.pre.shape[0]]);
    return { ...left, db, dx: ofX(g, way, left.pre) };
  });
  const whole = (pick: (v: (typeof backs)[number]) => Value) => together(g, backs.map(pick), 0);
  const dx = backs.map((b) => b.dx).reduce((p, q) => g.Add(p, q));
  return [
    site.attrs.layout ? g.Transpose(dx, { perm: [1, 0, 2] }) : dx,
    whole((v) => v.dw),
    whole((v) => v.dr),
    B ? whole((v) => v.db!) : null,
    null,
    H0 ? to.one.to(whole((v) => v.dh)) : null,
    C0 ? to.one.to(whole((v) => v.dc!)) : null,
    null,
  ];
}

/** Wᵀ·d, [steps, batch, in]. @param pre [gates · units, steps · batch] */
function ofX(g: Builder, { w, x }: LayerWay, pre: Value): Value {
  return reshape(g, g.Gemm(pre, w, null, { transA: 1 }), [x.length, x[0].shape[1], w.shape[1]]);
}

export const recurrentRules: FamilyRules<"recurrent"> = {
  GRU: (g, site, dy) =>
    unusual(site, ["Sigmoid", "Tanh"]) ?? layerBack(g, site, dy, gruCell(site.attrs.linear_before_reset === 1)),
  LSTM: (g, site, dy) => unusual(site, ["Sigmoid", "Tanh", "Tanh"]) ?? layerBack(g, site, dy, lstmCell),
  RNN: (g, site, dy) => {
    const isRelu = site.attrs.activations?.[0]?.toLowerCase() === "relu";
    return unusual(site, [isRelu ? "Relu" : "Tanh"]) ?? layerBack(g, site, dy, isRelu ? reluCell : tanhCell);
  },
};
