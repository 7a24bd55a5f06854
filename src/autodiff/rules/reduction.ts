/** Reductions, softmax and TopK. What a reduction hands back has length 1 along its axes: the same all along them. */
import type { Builder } from "../../graph/builder.ts";
import { ones, reshape } from "../../graph/emit.ts";
import { axesOf } from "../../graph/op.ts";
import type { OpSite } from "../../graph/op-site.ts";
import type { Value } from "../../graph/types.ts";
import { zerosAs } from "./indexing.ts";
import { asNumber, sign } from "./masks.ts";
import type { FamilyRules } from "./rule.ts";

type Reduction =
  | "ReduceL1"
  | "ReduceL2"
  | "ReduceLogSum"
  | "ReduceLogSumExp"
  | "ReduceMax"
  | "ReduceMean"
  | "ReduceMin"
  | "ReduceProd"
  | "ReduceSum"
  | "ReduceSumSquare";

/** The axes of a reduction, and a map that gives a reduced value its axes back, with length 1. */
function reduced(g: Builder, { in: [x], attrs }: OpSite<Reduction>) {
  const axes = axesOf(attrs.axes ?? [...x.shape.keys()], x.shape.length);
  const kept = x.shape.map((d, i) => (axes.includes(i) ? 1 : d));
  return { axes, kept: (v: Value) => reshape(g, v, kept), count: axes.reduce((n, a) => n * x.shape[a], 1) };
}

/** dy goes to the elements equal to the result; ties share it evenly, as in torch.amax. */
function extreme(g: Builder, site: OpSite<Reduction>, dy: Value): [Value] {
  const [x] = site.in;
  const { axes, kept } = reduced(g, site);
  const chosen = ones(g, g.Equal(x, kept(site.out)), x);
  return [g.Mul(chosen, g.Div(kept(dy), g.ReduceSum(chosen, { axes, keepdims: 1 })))];
}

export const reductionRules: FamilyRules<"reduction"> = {
  ReduceSum: (g, site, dy) => [reduced(g, site).kept(dy)],
  ReduceMean: (g, site, dy) => {
    const { kept, count } = reduced(g, site);
    return [g.Div(kept(dy), count)];
  },
  // y = Σ x²  ⇒  dx = 2·x·dy
  ReduceSumSquare: (g, site, dy) => [g.Mul(site.in[0], g.Mul(reduced(g, site).kept(dy), 2))],
  // y = Σ |x|  ⇒  dx = sign(x)·dy
  ReduceL1: (g, site, dy) => [g.Mul(sign(g, site.in[0]), reduced(g, site).kept(dy))],
  // y = √Σ x²  ⇒  dx = x·dy/y, 0 where all x are 0
  ReduceL2: (g, site, dy) => {
    const y = g.Where(g.Equal(site.out, 0), asNumber(g, 1, dy), site.out);
    return [g.Mul(site.in[0], reduced(g, site).kept(g.Div(dy, y)))];
  },
  // y = ln Σ x  ⇒  dx = dy/Σ x = dy·e^(−y)
  ReduceLogSum: (g, site, dy) => [reduced(g, site).kept(g.Mul(dy, g.Exp(g.Neg(site.out))))],
  // y = ln Σ eˣ  ⇒  dx = dy·e^(x − y)
  ReduceLogSumExp: (g, site, dy) => {
    const { kept } = reduced(g, site);
    return [g.Mul(kept(dy), g.Exp(g.Sub(site.in[0], kept(site.out))))];
  },
  ReduceMax: extreme,
  ReduceMin: extreme,
  // dxᵢ = dy·∏ⱼ≠ᵢ xⱼ. With z zeros the product of the others is P/xᵢ (P: product of what is not 0) where xᵢ is the
  // only zero (taken as 1) or there is none, else 0
  ReduceProd: (g, site, dy) => {
    const [x] = site.in;
    const { axes, kept } = reduced(g, site);
    const isZero = ones(g, g.Equal(x, 0), x);
    const filled = g.Add(x, isZero);
    const product = g.ReduceProd(filled, { axes, keepdims: 1 });
    const zerosElsewhere = g.Sub(g.ReduceSum(isZero, { axes, keepdims: 1 }), isZero);
    const others = g.Mul(g.Div(product, filled), ones(g, g.Equal(zerosElsewhere, 0), x));
    return [g.Mul(others, kept(dy))];
  },

  // dx = y·(dy − Σ dy·y)
  Softmax: (g, { out: y, attrs: { axis } }, dy) => {
    const weighted = g.Mul(dy, y);
    return [g.Sub(weighted, g.Mul(y, g.ReduceSum(weighted, { axes: [axis], keepdims: 1 })))];
  },
  // dx = dy − e^y·Σ dy
  LogSoftmax: (g, { out: y, attrs: { axis } }, dy) => [
    g.Sub(dy, g.Mul(g.Exp(y), g.ReduceSum(dy, { axes: [axis], keepdims: 1 }))),
  ],
  // yᵢ = Σ_{j ≤ i} xⱼ  ⇒  dxⱼ = Σ_{i ≥ j} dyᵢ
  CumSum: (g, { attrs: { axis, exclusive, reverse } }, dy) => [g.CumSum(dy, { axis, exclusive, reverse: 1 - reverse })],
  // y = x[indices]  ⇒  dy goes back to where it came from
  TopK: (g, { in: [x], out: [, found], attrs }, [dy]) => {
    const indices = found ?? g.TopK(x, attrs)[1];
    return [dy && g.ScatterElements(zerosAs(g, x), indices, dy, { axis: attrs.axis })];
  },
};
