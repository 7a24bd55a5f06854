/** A regrouping of axes as a product: factors of which each stands in one axis before and in one behind. */
import { size } from "../../graph/tensor.ts";
import type { Shape } from "../../graph/types.ts";
import { type AxisFactor, indexPairs, inputEnd, outputEnd, type Pairs, type Tie, tie } from "./rule.ts";

/** Axes of sizes above 1, and how many elements lie from the first axis to the end of each. */
const ends = (shape: Shape) => {
  let whole = 1;
  return shape.flatMap((size, axis) => {
    whole *= size;
    return size === 1 ? [] : [{ axis, whole }];
  });
};

/** The factors of axes from where two shapes do not divide one another: each stays on its side. */
function apart(axes: { axis: number; whole: number }[], before: number, side: "from" | "to"): AxisFactor[] {
  let at = before;
  return axes.flatMap(({ axis, whole }) => {
    const factor = { size: whole / at, [side]: axis };
    at = whole;
    return factor.size === 1 ? [] : [factor];
  });
}

/** The factors that two shapes of one size have in common, from the first axes on, as long as one divides the other. */
export function commonFactors(from: Shape, to: Shape): AxisFactor[] {
  if (size(from) === 0) return [];
  const [a, b] = [ends(from), ends(to)];
  const found: AxisFactor[] = [];
  let at = 1;
  while (a.length > 0 && b.length > 0) {
    const next = Math.min(a[0].whole, b[0].whole);
    if (Math.max(a[0].whole, b[0].whole) % next !== 0)
      return [...found, ...apart(a, at, "from"), ...apart(b, at, "to")];
    found.push({ size: next / at, from: a[0].axis, to: b[0].axis });
    at = next;
    if (a[0].whole === at) a.shift();
    if (b[0].whole === at) b.shift();
  }
  return found;
}

/** Of an axis of these factors, the index at place k of a product of `all` of them and others. */
function indexIn(own: readonly AxisFactor[], all: readonly AxisFactor[]): (k: number) => number {
  const steps = all.map((f, i) => ({ f, inner: size(all.slice(i + 1).map((g) => g.size)) }));
  const mine = steps.filter(({ f }) => own.includes(f));
  return (k) => mine.reduce((index, { f, inner }) => index * f.size + (Math.floor(k / inner) % f.size), 0);
}

/** Ties of the axes that share factors. Of several that reach one axis, any alone says what it knows. */
export function factorTies(factors: readonly AxisFactor[]): Tie[] {
  const pairs = new Map<string, AxisFactor>();
  for (const f of factors) if (f.from !== undefined && f.to !== undefined) pairs.set(`${f.from} ${f.to}`, f);
  return [...pairs.values()].map((shared): Tie => {
    const [before, behind] = [shared.from!, shared.to!];
    const [a, b] = [factors.filter((f) => f.from === before), factors.filter((f) => f.to === behind)];
    const plain = tie(inputEnd(0, before), outputEnd(behind));
    if (a.length === 1 && b.length === 1) return plain;
    const all = factors.filter((f) => a.includes(f) || b.includes(f));
    const own: Pairs = indexPairs(size(all.map((f) => f.size)), indexIn(a, all), indexIn(b, all));
    return { ...plain, pairs: own, merged: true };
  });
}
