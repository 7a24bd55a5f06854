/**
 * Back through time, cell by cell. All that depends on the states of the forward pass alone is computed for the whole sequence at
 * once; what goes from step to step is a few products of elements and one with R.
 */
import type { Builder } from "../../graph/builder.ts";
import type { Value } from "../../graph/types.ts";

/** One direction of a layer, in the order in which it goes through the sequence: [steps, batch, …]. */
export interface LayerWay {
  readonly x: Value;
  /** [gates · units, in], [gates · units, units], and of B [gates · units] each: what is added beside W and beside R. */
  readonly w: Value;
  readonly r: Value;
  readonly wb: Value | null;
  readonly rb: Value | null;
  /** The state before each step. */
  readonly before: Value;
  /** [1, batch, units] */
  readonly c0: Value | null;
  /** 1 at the steps that a sequence has, [steps, batch, 1]; null = at all. */
  readonly valid: Value | null;
  /** Of the states: of each step, and [1, batch, units] of the last ones. */
  readonly dy: Value | null;
  readonly dh: Value | null;
  readonly dc: Value | null;
}

/** Gradients of what a cell adds up before its functions. */
export interface Back {
  /** Of X·Wᵀ + b, [steps, batch, gates · units]. */
  readonly pre: Value;
  /** Of R; and of W, where one product gives both. */
  readonly dr: Value;
  readonly dw?: Value;
  /** Of the part of B beside R; that of `pre` summed where it is absent. */
  readonly drb?: Value;
  /** Of the states at the start, [1, batch, units]. */
  readonly dh: Value;
  readonly dc?: Value;
}

export type CellRule = (g: Builder, way: LayerWay) => Back;

export const plusOf = (g: Builder, a: Value | null, b: Value | null): Value | null => (a && b ? g.Add(a, b) : (a ?? b));
const plus = (g: Builder, a: Value, b: Value | null): Value => (b ? g.Add(a, b) : a);
const turned = (g: Builder, m: Value): Value => g.Transpose(m, { perm: [1, 0] });

/** Steps and batch as one axis. */
const asRows = (g: Builder, x: Value): Value => g.Reshape(x, { shape: [x.shape[0] * x.shape[1], x.shape[2]] });
/** Σ over steps and batch of a bᵀ: [width of a, width of b]. */
export const outer = (g: Builder, a: Value, b: Value): Value => g.MatMul(turned(g, asRows(g, a)), asRows(g, b));
/** Σ over steps and batch. */
export const total = (g: Builder, a: Value): Value => g.ReduceSum(a, { axes: [0, 1], keepdims: 0 });

const stepsOf = (g: Builder, x: Value): readonly Value[] =>
  x.shape[0] === 1 ? [x] : g.Split(x, { axis: 0, split: x.shape.slice(0, 1).flatMap((n) => Array<number>(n).fill(1)) });
const joined = (g: Builder, steps: readonly Value[]): Value =>
  steps.length === 1 ? steps[0] : g.Concat(steps, { axis: 0 });
const parts = (g: Builder, x: Value, n: number): readonly Value[] =>
  n === 1 ? [x] : g.Split(x, { axis: x.shape.length - 1, split: Array<number>(n).fill(x.shape.at(-1)! / n) });

/** y·(1 − y) and 1 − y²: the slopes of a sigmoid and of tanh by their results. */
const sigmoidSlope = (g: Builder, y: Value): Value => g.Sub(y, g.Mul(y, y));
const tanhSlope = (g: Builder, y: Value): Value => g.Sub(1, g.Mul(y, y));

const zero = (g: Builder, { x, r }: LayerWay): Value =>
  g.Expand(g.scalar(0, x.dtype), { shape: [1, x.shape[1], r.shape[1]] });

/** X·Wᵀ and h·Rᵀ with what is added beside them, for the whole sequence. */
function products(g: Builder, { x, w, r, wb, rb, before }: LayerWay): readonly [Value, Value] {
  return [plus(g, g.MatMul(x, turned(g, w)), wb), plus(g, g.MatMul(before, turned(g, r)), rb)];
}

/** The state's gradient at a step, and what of it goes past the step where a sequence does not have it. */
function arriving(g: Builder, dh: Value, dy: Value | undefined, valid: Value | undefined) {
  if (!valid) return { at: dy ? g.Add(dh, dy) : dh, past: null };
  const at = g.Mul(dy ? g.Add(dh, dy) : dh, valid);
  return { at, past: g.Mul(dh, g.Sub(1, valid)) };
}

/** Goes back over the steps. @param one what a step makes of the state's gradient: that of the sums, and that of the state before */
function back(
  g: Builder,
  way: LayerWay,
  one: (d: Value, t: number) => { readonly pre: Value; readonly before: Value },
) {
  const [dy, valid] = [way.dy && stepsOf(g, way.dy), way.valid && stepsOf(g, way.valid)];
  const pre: Value[] = [];
  let dh = way.dh ?? zero(g, way);
  for (let t = way.x.shape[0] - 1; t >= 0; t--) {
    const { at, past } = arriving(g, dh, dy?.[t], valid?.[t]);
    const step = one(at, t);
    pre.unshift(step.pre);
    dh = plus(g, step.before, past);
  }
  return { pre: joined(g, pre), dh };
}

/** h′ = f(X·Wᵀ + h·Rᵀ + b) with f = tanh or relu. */
export const plainCell =
  (slope: (g: Builder, h: Value) => Value): CellRule =>
  (g, way) => {
    const [a, b] = products(g, way);
    const slopes = stepsOf(g, slope(g, g.Add(a, b)));
    const { pre, dh } = back(g, way, (d, t) => {
      const dpre = g.Mul(d, slopes[t]);
      return { pre: dpre, before: g.MatMul(dpre, way.r) };
    });
    return { pre, dr: outer(g, pre, way.before), dh };
  };

export const tanhCellSlope = (g: Builder, x: Value): Value => tanhSlope(g, g.Tanh(x));

/** c′ = f·c + i·ĉ, h′ = o·tanh c′; gates i, o, f are sigmoids, ĉ is a tanh. */
export const lstmCell: CellRule = (g, way) => {
  // one product of x and h, [W R] and back: X·Wᵀ alone has few columns and a pass of its own to add it
  const seen = g.Concat([way.x, way.before], { axis: 2 });
  const weights = turned(g, g.Concat([way.w, way.r], { axis: 1 }));
  const [pi, po, pf, pc] = parts(g, plus(g, g.MatMul(seen, weights), plusOf(g, way.wb, way.rb)), 4);
  const [i, o, f, n] = [g.Sigmoid(pi), g.Sigmoid(po), g.Sigmoid(pf), g.Tanh(pc)];
  const { cells, cellsBefore } = cellStates(g, way, f, g.Mul(i, n));
  const tc = g.Tanh(cells);
  const toCell = stepsOf(g, g.Mul(o, tanhSlope(g, tc)));
  const toOutput = stepsOf(g, g.Mul(tc, sigmoidSlope(g, o)));
  const toInput = stepsOf(g, g.Mul(n, sigmoidSlope(g, i)));
  const toForget = stepsOf(g, g.Mul(cellsBefore, sigmoidSlope(g, f)));
  const toNew = stepsOf(g, g.Mul(i, tanhSlope(g, n)));
  const forget = stepsOf(g, f);
  const valid = way.valid && stepsOf(g, way.valid);
  let dc = way.dc ?? zero(g, way);
  const { pre, dh } = back(g, way, (d, t) => {
    const here = g.Add(g.Mul(d, toCell[t]), valid ? g.Mul(dc, valid[t]) : dc);
    const past = valid && g.Mul(dc, g.Sub(1, valid[t]));
    dc = plus(g, g.Mul(here, forget[t]), past);
    const sums = [g.Mul(here, toInput[t]), g.Mul(d, toOutput[t]), g.Mul(here, toForget[t]), g.Mul(here, toNew[t])];
    const dpre = g.Concat(sums, { axis: 2 });
    return { pre: dpre, before: g.MatMul(dpre, way.r) };
  });
  const [dw, dr] = g.Split(outer(g, pre, seen), { axis: 1, split: [way.w.shape[1], way.r.shape[1]] });
  return { pre, dw, dr, dh, dc };
};

/** The states of the cells, behind and before each step. */
function cellStates(g: Builder, way: LayerWay, forget: Value, made: Value): { cells: Value; cellsBefore: Value } {
  const [f, m] = [stepsOf(g, forget), stepsOf(g, made)];
  const valid = way.valid && stepsOf(g, way.valid);
  const states = [way.c0 ?? zero(g, way)];
  f.forEach((ft, t) => {
    const [c] = states.slice(-1);
    const next = g.Add(g.Mul(ft, c), m[t]);
    states.push(valid ? g.Add(g.Mul(next, valid[t]), g.Mul(c, g.Sub(1, valid[t]))) : next);
  });
  return { cells: joined(g, states.slice(1)), cellsBefore: joined(g, states.slice(0, -1)) };
}

/** h′ = (1 − z)·n + z·h with sigmoids z and r, and n = tanh(X·Wᵀ + r·(h·Rᵀ)), or (r·h)·Rᵀ. @param after whether r follows R */
export const gruCell =
  (after: boolean): CellRule =>
  (g, way) => {
    const { before: h, w, r: R, wb, rb } = way;
    const units = R.shape[1];
    const rowsOf = (m: Value, from: number, to: number) => g.Slice(m, { starts: [from], ends: [to], axes: [0] });
    const [gates, candidate] = [rowsOf(R, 0, 2 * units), rowsOf(R, 2 * units, 3 * units)];
    const [az, ar, an] = parts(g, plus(g, g.MatMul(way.x, turned(g, w)), wb), 3);
    const [bz, br, bn] = rb ? g.Split(rb, { axis: 0, split: [units, units, units] }) : [null, null, null];
    const [hz, hr] = parts(g, g.MatMul(h, turned(g, gates)), 2);
    const z = g.Sigmoid(plus(g, g.Add(az, hz), bz));
    const r = g.Sigmoid(plus(g, g.Add(ar, hr), br));
    const kept = after ? plus(g, g.MatMul(h, turned(g, candidate)), bn) : g.Mul(r, h);
    const inner = after ? g.Mul(r, kept) : plus(g, g.MatMul(kept, turned(g, candidate)), bn);
    const n = g.Tanh(g.Add(an, inner));
    const toUpdate = stepsOf(g, g.Mul(g.Sub(h, n), sigmoidSlope(g, z)));
    const toNew = stepsOf(g, g.Mul(g.Sub(1, z), tanhSlope(g, n)));
    const toReset = stepsOf(g, g.Mul(after ? kept : h, sigmoidSlope(g, r)));
    const [resets, updates] = [stepsOf(g, r), stepsOf(g, z)];
    const beside: Value[] = [];
    const { pre, dh } = back(g, way, (d, t) => {
      const [dz, dn] = [g.Mul(d, toUpdate[t]), g.Mul(d, toNew[t])];
      // what reaches h·Rᵀ, or r·h, through n
      const ds = after ? g.Mul(dn, resets[t]) : g.MatMul(dn, candidate);
      const dr = g.Mul(after ? dn : ds, toReset[t]);
      beside.unshift(after ? ds : dn);
      const direct = g.Add(g.Mul(d, updates[t]), after ? g.MatMul(ds, candidate) : g.Mul(ds, resets[t]));
      const through = g.MatMul(g.Concat([dz, dr], { axis: 2 }), gates);
      return { pre: g.Concat([dz, dr, dn], { axis: 2 }), before: g.Add(direct, through) };
    });
    const [dz, dr] = parts(g, pre, 3);
    const ofGates = g.Concat([dz, dr], { axis: 2 });
    const dn = joined(g, beside);
    return {
      pre,
      dr: g.Concat([outer(g, ofGates, h), outer(g, dn, after ? h : kept)], { axis: 0 }),
      drb: g.Concat([total(g, ofGates), total(g, dn)], { axis: 0 }),
      dh,
    };
  };
