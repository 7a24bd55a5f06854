/**
 * Recurrent layers: the layer stays one node in the forward pass; its gradient goes back step by step, from the states that it gives.
 * The number of steps is that of the step graph, whose shapes are concrete.
 */
import type { Builder } from "../../graph/builder.ts";
import { positive, reshape, reversed } from "../../graph/emit.ts";
import { tensor } from "../../graph/tensor.ts";
import type { Value } from "../../graph/types.ts";
import {
  type Back,
  type CellRule,
  gruCell,
  type LayerWay,
  lstmCell,
  outer,
  plainCell,
  plusOf,
  tanhCellSlope,
  total,
} from "./recurrent-cells.ts";
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
function together(g: Builder, parts: readonly Value[], axis: number): Value {
  const apart = parts.map((v) => reshape(g, v, [...v.shape.slice(0, axis), 1, ...v.shape.slice(axis)]));
  return apart.length === 1 ? apart[0] : g.Concat(apart, { axis });
}

/** Batch first or steps first: the axes exchanged for what stands first in the file's layout. */
const sequenceFirst = (
  g: Builder,
  v: Value | null | undefined,
  layout: number,
  perm: readonly number[],
): Value | null => (v ? (layout ? g.Transpose(v, { perm }) : v) : null);

/** 1 where a step is one of its sequence's, [steps, batch, 1]. */
function validSteps(g: Builder, lengths: Value | null | undefined, steps: number, like: Value): Value | null {
  if (!lengths) return null;
  const numbers = g.constant(
    tensor(
      "int32",
      [steps, 1, 1],
      Int32Array.from({ length: steps }, (_, t) => t),
    ),
  );
  return g.Cast(g.Less(numbers, reshape(g, lengths, [1, lengths.shape[0], 1])), { to: like.dtype });
}

/** The states before each step: the first one, then those that the layer gave; where it gave none yet, the first again. */
function statesBefore(g: Builder, y: Value, h0: Value | null, valid: Value | null): Value {
  const [steps, batch, units] = y.shape;
  const first = h0 ?? g.Expand(g.scalar(0, y.dtype), { shape: [1, batch, units] });
  if (steps === 1) return first;
  const upToLast = (v: Value) => g.Slice(v, { starts: [0], ends: [steps - 1], axes: [0] });
  const given = upToLast(y);
  const later = valid && h0 ? g.Add(given, g.Mul(g.Sub(1, upToLast(valid)), h0)) : given;
  return g.Concat([first, later], { axis: 0 });
}

/** The gradients of a layer's inputs. */
function layerBack(g: Builder, site: Site, dy: readonly (Value | null)[], cell: CellRule): readonly (Value | null)[] {
  const { layout, direction } = site.attrs;
  const [X, W, R, B, lengths, H0, C0] = site.in;
  const x = sequenceFirst(g, X, layout, [1, 0, 2])!;
  const states = (v: Value | null | undefined) => ways(g, sequenceFirst(g, v, layout, [1, 0, 2]), 0);
  const all = (v: Value | null) => ways(g, sequenceFirst(g, v, layout, [1, 2, 0, 3]), 1);
  const [y, dY, dH, dC] = [all(site.out[0]), all(dy[0]), states(dy[1]), states(dy[2] ?? null)];
  const [w, r, b, h0, c0] = [ways(g, W, 0), ways(g, R, 0), ways(g, B, 0), states(H0), states(C0)];
  const valid = validSteps(g, lengths, x.shape[0], x);
  const one = (v: Value | null) => v && reshape(g, v, [1, ...v.shape]);
  const backs = w.map((_, d) => {
    const isBack = direction === "reverse" || d === 1;
    const order = (v: Value | null) => v && (isBack ? reversed(g, v, 0) : v);
    const [own, here] = [order(x)!, order(valid)];
    const [wb, rb] = b[d] ? g.Split(b[d], { axis: 0, split: [b[d].shape[0] / 2, b[d].shape[0] / 2] }) : [null, null];
    const start = one(h0[d]);
    const before = statesBefore(g, order(y[d])!, start, here);
    const way: LayerWay = {
      x: own,
      w: w[d]!,
      r: r[d]!,
      wb,
      rb,
      before,
      c0: one(c0[d]),
      valid: here,
      dy: order(dY[d]),
      dh: one(dH[d]),
      dc: one(dC[d]),
    };
    const back = cell(g, way);
    return { ...back, ...ofInputs(g, way, back), order };
  });
  const dx = backs.map(({ dx, order }) => order(dx)).reduce((p, q) => plusOf(g, p, q));
  const whole = (pick: (v: (typeof backs)[number]) => Value) => together(g, backs.map(pick), 0);
  const start = (pick: (v: (typeof backs)[number]) => Value) =>
    sequenceFirst(g, g.Concat(backs.map(pick), { axis: 0 }), layout, [1, 0, 2]);
  return [
    sequenceFirst(g, dx, layout, [1, 0, 2]),
    whole((v) => v.dw),
    whole((v) => v.dr),
    B ? whole((v) => v.db) : null,
    null,
    H0 ? start((v) => v.dh) : null,
    C0 ? start((v) => v.dc!) : null,
    null,
  ];
}

function ofInputs(g: Builder, { x, w }: LayerWay, { pre, dw = outer(g, pre, x), drb }: Back) {
  const dwb = total(g, pre);
  return { dx: g.MatMul(pre, w), dw, db: g.Concat([dwb, drb ?? dwb], { axis: 0 }) };
}

const relu = (g: Builder, x: Value): Value => positive(g, x);

export const recurrentRules: FamilyRules<"recurrent"> = {
  GRU: (g, site, dy) =>
    unusual(site, ["Sigmoid", "Tanh"]) ?? layerBack(g, site, dy, gruCell(site.attrs.linear_before_reset === 1)),
  LSTM: (g, site, dy) => unusual(site, ["Sigmoid", "Tanh", "Tanh"]) ?? layerBack(g, site, dy, lstmCell),
  RNN: (g, site, dy) => {
    const isRelu = site.attrs.activations?.[0]?.toLowerCase() === "relu";
    const cell = plainCell(isRelu ? relu : tanhCellSlope);
    return unusual(site, [isRelu ? "Relu" : "Tanh"]) ?? layerBack(g, site, dy, cell);
  },
};
