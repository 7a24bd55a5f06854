/**
 * The tree-structured Parzen estimator (Bergstra, Bardenet, Bengio & Kégl 2011, section 4): what came out well and the rest are each
 * described by a density l and g, per name; of some draws from l the one with the largest l/g is taken.
 */
import type { Random } from "../../math/random.ts";
import { type ObjectivePoint, rankedPoints } from "./pareto.ts";
import { isChoice, type SweepDimension, type SweepSpace, type SweepValues, unitPlace, valueAt } from "./space.ts";

/** A point of the space and what it came to; null = it failed. */
export interface SeenTrial {
  readonly values: SweepValues;
  readonly point: ObjectivePoint | null;
}

/** The share that counts as good. */
const GOOD = 0.15;
/** Draws from l. */
const DRAWS = 24;

/** The next point to try. */
export function tpeSuggestion(space: SweepSpace, seen: readonly SeenTrial[], random: Random): SweepValues {
  const order = rankedPoints(seen.map((s) => s.point));
  const goods = Math.max(1, Math.ceil(GOOD * seen.length));
  const of = (name: string, d: SweepDimension, indices: readonly number[]) =>
    indices.map((i) => unitPlace(d, seen[i].values[name]));
  return Object.fromEntries(
    Object.entries(space).map(([name, d]) => {
      const [good, rest] = [of(name, d, order.slice(0, goods)), of(name, d, order.slice(goods))];
      return [
        name,
        isChoice(d)
          ? d.values[chosenIndex(d.values.length, good, rest, random)]
          : valueAt(d, chosenPlace(good, rest, random)),
      ];
    }),
  );
}

const best = <T>(draws: readonly T[], score: (draw: T) => number): T =>
  draws.reduce((a, b) => (score(b) > score(a) ? b : a));

/** Shares of the choices: how often each was taken, and once more. */
function chosenIndex(n: number, good: readonly number[], rest: readonly number[], random: Random): number {
  const shares = (taken: readonly number[]) =>
    Array.from({ length: n }, (_, i) => (1 + taken.filter((t) => t === i).length) / (n + taken.length));
  const [l, g] = [shares(good), shares(rest)];
  const draw = () => {
    let left = random.uniform();
    return l.findIndex((share, i) => i === n - 1 || (left -= share) < 0);
  };
  return best(Array.from({ length: DRAWS }, draw), (i) => l[i] / g[i]);
}

function chosenPlace(good: readonly number[], rest: readonly number[], random: Random): number {
  const [l, g] = [parzen(good), parzen(rest)];
  const draws = Array.from({ length: DRAWS }, () => drawn(l, random));
  return best(draws, (x) => Math.log(density(l, x)) - Math.log(density(g, x)));
}

/** A normal density cut to [0, 1]. */
interface Bump {
  readonly mean: number;
  readonly sigma: number;
}

/** One bump per place, as wide as to its farther neighbour, and a wide one for the whole interval. */
function parzen(places: readonly number[]): Bump[] {
  const sorted = [...places].sort((a, b) => a - b);
  const least = 1 / Math.min(100, sorted.length + 1);
  const bumps = sorted.map((mean, i) => {
    const widest = Math.max(mean - (sorted[i - 1] ?? 0), (sorted[i + 1] ?? 1) - mean);
    return { mean, sigma: Math.min(1, Math.max(least, widest)) };
  });
  return [{ mean: 0.5, sigma: 1 }, ...bumps];
}

function drawn(bumps: readonly Bump[], random: Random): number {
  const { mean, sigma } = bumps[random.int(bumps.length)];
  for (;;) {
    const x = mean + sigma * random.normal();
    if (x >= 0 && x <= 1) return x;
  }
}

function density(bumps: readonly Bump[], x: number): number {
  const of = ({ mean, sigma }: Bump) =>
    Math.exp(-(((x - mean) / sigma) ** 2) / 2) / (sigma * (below((1 - mean) / sigma) - below(-mean / sigma)));
  return bumps.reduce((sum, bump) => sum + of(bump), 0) / bumps.length;
}

/** The normal distribution function; Abramowitz & Stegun 7.1.26, to 1.5e-7. */
function below(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const erf = 1 - series * Math.exp(-x * x);
  return (1 + (z < 0 ? -erf : erf)) / 2;
}
