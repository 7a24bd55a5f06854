/** The cell of a GRU, whose candidate needs products of its own. */
import type { Builder } from "../../graph/builder.ts";
import type { Value } from "../../graph/types.ts";
import {
  type Arriving,
  belowEachOther,
  beside,
  type Cell,
  equalRows,
  goBack,
  outer,
  rest,
  sideBySide,
  takenApart,
  through,
  type WentBack,
  weightsTurned,
  whereValid,
} from "./recurrent-cells.ts";

/** Rows of both gates, and of the candidate. */
const gatesAndCandidate = (g: Builder, v: Value): readonly Value[] => {
  const units = v.shape[0] / 3;
  return g.Split(v, { axis: 0, split: [2 * units, units] });
};

/** h′ = (1 − z)·n + z·h with sigmoids z and r, and n = tanh(W·x + r·(R·h)), or R·(r·h). @param after whether r follows R */
export const gruCell =
  (after: boolean): Cell =>
  (g, way) => {
    const { r: R, w: W, x, biases, valid } = way;
    const [units, width] = [R.shape[1], W.shape[1]];
    const [[rg, rc], [wg, wc]] = [gatesAndCandidate(g, R), gatesAndCandidate(g, W)];
    const [both, wb, rb] = biases
      ? [g.Add(...biases), ...biases].map((b) => gatesAndCandidate(g, b))
      : [null, null, null];
    const gates = beside(g, rg, wg, both?.[0] ?? null);
    const candidate = after ? (wb ? g.Concat([wc, wb[1]], { axis: 1 }) : wc) : beside(g, rc, wc, both?.[1] ?? null);
    let h = way.h0;
    const steps = x.map((xt, t) => {
      const before = h;
      const seen = belowEachOther(g, [before, xt]);
      const [z, r] = equalRows(g, g.Sigmoid(g.MatMul(gates, seen)), 2);
      const reset = g.Mul(r, after ? g.Gemm(rc, before, rb?.[1] ?? null) : before);
      const seenByNew = after ? xt : belowEachOther(g, [reset, xt]);
      const sum = g.MatMul(candidate, seenByNew);
      const n = g.Tanh(after ? g.Add(sum, reset) : sum);
      const kept = g.Mul(z, g.Sub(before, n));
      h = whereValid(g, valid?.[t], g.Add(n, kept), before);
      const open = g.Sub(1, z);
      const slopes = { z: rest(g, kept, z), r: rest(g, reset, r), n: rest(g, open, g.Mul(n, n)) };
      return { before, seen, seenByNew, z, r, slopes, h };
    });

    const back = (given: Arriving): WentBack => {
      const [rt, gatesT, candidateT] = [weightsTurned(g, R), weightsTurned(g, rg), weightsTurned(g, rc)];
      // gradients of both gates' sums and of the candidate's, and of R·h in that
      const [ofGates, ofNew, ofState]: [Value[], Value[], Value[]] = [[], [], []];
      const dh = goBack(g, way, given, (d, t, more) => {
        const { z, r, slopes } = steps[t];
        const [dn, dz] = [g.Mul(d, slopes.n), g.Mul(d, slopes.z)];
        const direct = more ? g.Add(g.Mul(d, z), more) : g.Mul(d, z);
        const ds = after ? g.Mul(dn, r) : g.MatMul(candidateT, dn);
        const dr = g.Mul(after ? dn : ds, slopes.r);
        ofGates.unshift(belowEachOther(g, [dz, dr]));
        ofNew.unshift(dn);
        ofState.unshift(ds);
        if (after) return through(g, rt, belowEachOther(g, [dz, dr, ds]), direct);
        return through(g, gatesT, ofGates[0], g.Add(direct, g.Mul(ds, r)));
      });
      const [dGates, dNew] = [ofGates, ofNew].map((list) => sideBySide(g, way, list));
      const product = (of: readonly Value[], pick: (s: (typeof steps)[number]) => Value) =>
        outer(g, way, of, steps.map(pick));
      const [drg, dwg, dbg] = takenApart(
        g,
        product(ofGates, (s) => s.seen),
        [units, width],
      );
      const ofCandidate = product(ofNew, (s) => s.seenByNew);
      const [drc, dwc, dbc] = after
        ? [product(ofState, (s) => s.before), ...takenApart(g, ofCandidate, [width])]
        : takenApart(g, ofCandidate, [units, width]);
      const dbs = biases && belowEachOther(g, [dbg, dbc]);
      const drb =
        after && dbs
          ? belowEachOther(g, [dbg, g.ReduceSum(sideBySide(g, way, ofState), { axes: [1], keepdims: 1 })])
          : dbs;
      return {
        pre: belowEachOther(g, [dGates, dNew]),
        dw: belowEachOther(g, [dwg, dwc]),
        dr: belowEachOther(g, [drg, drc]),
        biases: dbs && [dbs, drb!],
        dh,
      };
    };
    return { states: steps.map((s) => s.h), back };
  };
