/**
 * The proximal map of a group norm in a diagonal metric d > 0 (Deleu & Bengio 2021, section 4):
 *   argmin_w ½ Σᵢ dᵢ(wᵢ − pᵢ)² + κ‖w‖₂
 * is 0 iff ‖d∘p‖ ≤ κ, else wᵢ = pᵢ·dᵢθ/(dᵢθ + κ) where θ = ‖w‖ solves S(θ) = Σ pᵢ²/(θ + κ/dᵢ)² = 1.
 * The papers run Newton on S(θ) − 1. Here it runs on 1/√S(θ) − 1 (Moré & Sorensen 1983, for trust regions), which is concave,
 * increasing and nearly linear: from below it climbs to the root without passing it. It starts at the larger of two lower bounds of
 * the root, both Jensen's: ‖p‖ − Σp²(κ/d)/‖p‖², which a weak penalty is nearly solved by, and (‖d∘p‖ − κ)·‖d∘p‖²/Σ(dp)²d, Newton's
 * step from 0. Four steps, a fixed count, stand in the graph: of 3,000 groups made to be hard, whose metrics span up to eight orders of
 * magnitude and follow p or run against it, 99 % end within 1e-7 of the largest p. θ is kept between the start and ‖p‖. Small sets are
 * solved together: what is done to the numbers of groups is done once.
 */
import type { Builder } from "../graph/builder.ts";
import { full } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";
import type { GroupSet } from "../groups/group-set.ts";
import {
  behindOneAnother,
  groupSums,
  inView,
  parted,
  scaleInView,
  spreadGroups,
  TINY,
  type Weights,
} from "../groups/slices.ts";

const STEPS = 4;

/** Sets with more weights are solved one by one: what lies between two steps of one stays in the processor's cache then. */
const SMALL = 1 << 14;

/**
 * @param sets without common members
 * @param w p; read and, for the sets' members, replaced
 * @param metric d, in the parameters' shapes
 * @param kappas of some of the sets: κ of every group, one set behind the other, or a scalar, > 0
 */
export function weightedGroupProx(
  g: Builder,
  sets: readonly GroupSet[],
  w: Map<Value, Value>,
  metric: Weights,
  kappas: (of: readonly GroupSet[]) => Value,
): void {
  const weights = (set: GroupSet) => set.sizes.reduce((sum, n) => sum + n, 0);
  const small = sets.filter((set) => weights(set) <= SMALL);
  for (const set of sets) if (!small.includes(set)) solve(g, [set], w, metric, kappas([set]));
  if (small.length > 0) solve(g, small, w, metric, kappas(small));
}

/**
 * @param sets without common members
 * @param w p; read and, for the sets' members, replaced
 * @param metric d, in the parameters' shapes
 * @param kappa κ of every group of all sets, one set behind the other, or a scalar, > 0
 */
function solve(g: Builder, sets: readonly GroupSet[], w: Map<Value, Value>, metric: Weights, kappa: Value): void {
  const places = sets.flatMap((set) => set.members.map((member) => ({ set, member })));
  const each = (f: (i: number) => Value): Value[] => places.map((_, i) => f(i));
  const ofSet = <T>(set: GroupSet, x: readonly T[]): T[] => x.filter((_, i) => places[i].set === set);
  /** Numbers of all groups, spread over every member. */
  const spread = (x: Value): Value[] => {
    const perSet = parted(g, sets, x);
    return places.map(({ set, member }) => spreadGroups(g, set, member, perSet[sets.indexOf(set)], 1));
  };
  /** Σ over every group of all sets, of a term for every member. */
  const sums = (terms: readonly Value[]): Value =>
    behindOneAnother(
      g,
      sets.map((set) => groupSums(g, set, ofSet(set, terms))),
    );
  const groups = sets.reduce((n, set) => n + set.count, 0);
  const kappas = g.Mul(g.constant(full([groups], 1)), kappa);
  const p = each((i) => inView(g, places[i].member, w.get(places[i].member.param)!));
  const d = each((i) => inView(g, places[i].member, metric.get(places[i].member.param)!, 1));

  const pull = each((i) => g.Mul(d[i], p[i]));
  const pulls = each((i) => g.Mul(pull[i], pull[i]));
  const squares = each((i) => g.Mul(p[i], p[i]));
  const kappaOf = spread(kappas);
  const ratio = each((i) => g.Div(kappaOf[i], d[i])); // κ/d

  const pulled = sums(pulls); // ‖d∘p‖²
  const norm = g.Sqrt(pulled);
  const alive = g.Cast(g.Greater(norm, kappas), { to: "float32" });
  const square = sums(squares);
  const most = g.Sqrt(square); // the root lies below ‖p‖
  const steep = g.Max([sums(each((i) => g.Mul(pulls[i], d[i]))), TINY]);
  const fromZero = g.Mul(g.Sub(norm, kappas), g.Div(pulled, steep));
  const fromAfar = g.Sub(most, g.Div(sums(each((i) => g.Mul(squares[i], ratio[i]))), g.Max([square, TINY])));
  const least = g.Relu(g.Min([g.Max([fromZero, fromAfar]), most])); // rounding may lift a bound above ‖p‖

  let theta = least;
  for (let step = 0; step < STEPS; step++) {
    const thetaOf = spread(theta);
    const q = each((i) => g.Add(thetaOf[i], ratio[i])); // θ + κ/d
    const a = each((i) => g.Div(p[i], q[i]));
    const terms = each((i) => g.Mul(a[i], a[i]));
    const s = sums(terms);
    const t = g.Max([sums(each((i) => g.Div(terms[i], q[i]))), TINY]);
    const next = g.Add(theta, g.Div(g.Mul(s, g.Sub(g.Sqrt(s), 1)), t)); // θ + (S^{3/2} − S)/T
    theta = g.Min([g.Max([next, least]), most]);
  }
  const thetaOf = spread(g.Mul(theta, alive)); // a dead group's factor is then 0/(0 + κ/d), exactly zero
  const factors = each((i) => g.Div(thetaOf[i], g.Add(thetaOf[i], ratio[i]))); // dθ/(dθ + κ) = θ/(θ + κ/d)
  for (const set of sets) scaleInView(g, set, w, ofSet(set, factors));
}
