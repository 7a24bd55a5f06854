/**
 * Whether two nodes are one layer, applied twice: the same weight multiplies in both, or where they have none of their own, the
 * products next to them have the same weights. For files whose names tell nothing.
 */
import { opOf } from "../graph/ops/index.ts";
import type { FileStep } from "./file-step.ts";
import type { Parsed } from "./parse.ts";
import type { Holds, Reader } from "./stored-readers.ts";

/** Weights by name, with the nodes that multiply by them. */
type Weights = ReadonlyMap<string, ReadonlySet<FileStep>>;

interface Surroundings {
  /** Weights of the node itself, or of the product that it adds to. */
  readonly own: readonly string[];
  /** Those of the nearest products before and behind it. */
  readonly sides: readonly [Weights, Weights];
}

/** So far from a node, and so many nodes at a time, are looked at. */
const [FAR, MANY] = [6, 32];

/** Tells of two readers of one tensor whether they are one layer. */
export function layers({ steps }: Parsed, values: ReadonlyMap<string, Holds>): (a: Reader, b: Reader) => boolean {
  const makes = new Map(steps.flatMap((s) => s.outputs.map((o) => [o, s] as const)));
  const reads = new Map<string, FileStep[]>();
  for (const s of steps)
    for (const x of s.inputs) {
      const known = reads.get(x);
      if (known) known.push(s);
      else reads.set(x, [s]);
    }
  function* before(s: FileStep): Generator<FileStep> {
    for (const x of s.inputs) if (makes.has(x)) yield makes.get(x)!;
  }
  function* behind(s: FileStep): Generator<FileStep> {
    for (const o of s.outputs) yield* reads.get(o) ?? [];
  }
  const weightsAt = (s: FileStep) =>
    s.inputs.slice(0, MANY).flatMap((x) => {
      const held = values.get(x)?.held;
      return held && !held.uniform ? [held.name] : [];
    });
  const own = (s: FileStep): string[] =>
    opOf(s.op, s.domain)?.joins ? some(before(s)).flatMap((p) => (isProduct(p) ? weightsAt(p) : [])) : weightsAt(s);

  const nearest = (from: FileStep, next: (s: FileStep) => Generator<FileStep>): Weights => {
    const seen = new Set([from]);
    let level = [from];
    for (let depth = 0; depth < FAR && seen.size < MANY; depth++) {
      level = level.flatMap((s) => some(next(s)).filter((n) => !seen.has(n) && seen.add(n)));
      const found = new Map<string, Set<FileStep>>();
      for (const s of level.filter(isProduct))
        for (const w of weightsAt(s)) found.set(w, (found.get(w) ?? new Set()).add(s));
      if (found.size > 0) return found;
    }
    return new Map();
  };
  const known = new Map<FileStep, Surroundings>();
  const around = (s: FileStep): Surroundings => {
    const found = known.get(s) ?? { own: own(s), sides: [nearest(s, before), nearest(s, behind)] };
    known.set(s, found);
    return found;
  };

  return (a, b) => {
    const [x, y] = [around(a.step), around(b.step)];
    if (x.own.length > 0 || y.own.length > 0) return x.own.some((w) => y.own.includes(w));
    const both = [0, 1].filter((side) => x.sides[side].size > 0 && y.sides[side].size > 0);
    return both.length > 0 && both.every((side) => shareWeight(x.sides[side], y.sides[side]));
  };
}

/** The first few. */
function some(steps: Generator<FileStep>): FileStep[] {
  const found: FileStep[] = [];
  for (const s of steps) {
    if (found.push(s) >= MANY) break;
  }
  return found;
}

/** Whether different nodes multiply by one weight. */
const shareWeight = (a: Weights, b: Weights): boolean =>
  [...a].some(([w, nodes]) => [...(b.get(w) ?? [])].some((n) => !nodes.has(n)));

const isProduct = ({ op, domain }: FileStep): boolean => !!opOf(op, domain)?.product;
