/**
 * Numbers that follow the sizes of a graph's values. A file computes the shape of a Reshape from the shape of its input; canonical
 * form holds the numbers as an attribute, and beside them, in `Node.follows`, what they are made of, so that they can be had for other
 * sizes and written again as the computation that they are.
 */
import { EspalierError } from "../error.ts";
import { round, scalarOps } from "./scalars.ts";
import type { Attr, Attrs, Computed, DType, Follows, Graph, Length, Node, Shape, Size } from "./types.ts";

/** What takes more is no size of anything; a file could make it take more steps than it has bytes. */
const MOST_STEPS = 256;

/** The shape of a value by its name; undefined where there is none of that name. */
export type ShapeOf = (name: string) => Shape | undefined;

export const isPlain = (s: Size): s is number => typeof s === "number";
export const isLength = (s: Size): s is Length => typeof s === "object" && "of" in s;

const stepsOf = (s: Size): number => (isPlain(s) || isLength(s) ? 0 : s.steps);

/** What an operator makes of sizes: a number where all of them are; undefined where that takes too many steps to be told. */
export function computed(
  op: string,
  args: readonly Size[],
  from: readonly DType[],
  dtype: DType,
  attrs?: Attrs,
): Size | undefined {
  const steps = args.reduce<number>((n, a) => n + stepsOf(a), 1);
  if (steps > MOST_STEPS) return undefined;
  const size: Computed = { op, args, from, dtype, steps, ...(attrs && { attrs }) };
  return args.every(isPlain) ? lengthAt(size, () => undefined) : size;
}

/**
 * The number that a size is, for given shapes.
 * @throws EspalierError when it is the length of what is not there
 */
export function lengthAt(size: Size, shapeOf: ShapeOf): number {
  if (isPlain(size)) return size;
  if (isLength(size)) {
    const length = shapeOf(size.of)?.[size.axis];
    if (length !== undefined) return length;
    throw new EspalierError("mismatch", "a size follows a value that is not there", { ...size });
  }
  const args = size.args.map((a) => lengthAt(a, shapeOf));
  return applied(size.op, args, size.attrs ?? {}, size.dtype, size.from.at(-1) === size.dtype);
}

/** "To the end" of a Slice is 2⁶³ − 1, which a number does not hold: it may be chosen, not computed with. */
export function applied(op: string, x: readonly number[], attrs: Attrs, dtype: DType, sameType: boolean): number {
  const result = scalarOps[op](x, attrs);
  return sameType && x.includes(result) ? result : round(dtype, result);
}

/** With every length replaced that `known` knows, and what is then a number computed. */
export function simplified(size: Size, known: (l: Length) => Size): Size {
  if (isPlain(size)) return size;
  if (isLength(size)) return known(size);
  const args = size.args.map((a) => simplified(a, known));
  const same = size.op === "Cast" && size.from[0] === size.dtype ? args[0] : identities[size.op]?.(args);
  return same ?? computed(size.op, args, size.from, size.dtype, size.attrs) ?? size;
}

const isNumber = (s: Size, n: number): boolean => isPlain(s) && s === n;

/** What needs no operator, as exporters write it for sizes that might have been something else. Undefined: it does. */
const identities: Readonly<Record<string, (args: readonly Size[]) => Size | undefined>> = {
  Add: ([a, b]) => (isNumber(a, 0) ? b : isNumber(b, 0) ? a : undefined),
  Div: ([a, b]) => (isNumber(b, 1) ? a : undefined),
  /** No length is negative. */
  Equal: ([a, b]) => ((isLength(a) && isPlain(b) && b < 0) || (isLength(b) && isPlain(a) && a < 0) ? 0 : undefined),
  Mul: ([a, b]) => (isNumber(a, 1) ? b : isNumber(b, 1) ? a : undefined),
  Sub: ([a, b]) => (isNumber(b, 0) ? a : undefined),
  Where: ([c, a, b]) => (isPlain(c) ? (c ? a : b) : undefined),
};

const numbersOf = (a: Attr | undefined): readonly number[] => (typeof a === "number" ? [a] : (a as readonly number[]));

/** A node's attributes for given shapes. */
export function boundAttrs(attrs: Attrs, follows: Follows | undefined, shapeOf: ShapeOf): Attrs {
  if (!follows) return attrs;
  const bound = Object.entries(follows).map(([key, sizes]) => {
    const values = sizes.map((s) => lengthAt(s, shapeOf));
    return [key, typeof attrs[key] === "number" ? values[0] : values] as const;
  });
  return { ...attrs, ...Object.fromEntries(bound) };
}

/**
 * The graph in which what attributes follow agrees with what they are, after they were changed: a size that is in fact another number
 * now is multiplied by what it became, as 12 heads of each sample become 9 of each.
 * @throws EspalierError naming the node where it cannot agree
 */
export function withSettledSizes(graph: Graph): Graph {
  if (!graph.nodes.some((n) => n.follows)) return graph;
  const values = [...graph.inputs, ...graph.initializers.keys(), ...graph.nodes.flatMap((n) => n.outputs)];
  const shapes = new Map(values.filter((v) => v !== null).map((v) => [v.name, v.shape]));
  const nodes = graph.nodes.map((n) => (n.follows ? { ...n, follows: settled(n, n.follows, shapes) } : n));
  return { ...graph, nodes };
}

function settled({ op, name, attrs }: Node, follows: Follows, shapes: ReadonlyMap<string, Shape>): Follows {
  const kept = Object.entries(follows).map(([key, sizes]) => {
    const wanted = numbersOf(attrs[key]);
    if (wanted.length !== sizes.length)
      throw new EspalierError("unsupported", `the ${key} of ${op} follows sizes and cannot be cut`, { node: name });
    return [
      key,
      sizes.map((s, i) =>
        resized(
          s,
          lengthAt(s, (v) => shapes.get(v)),
          wanted[i],
        ),
      ),
    ] as const;
  });
  return Object.fromEntries(kept);
}

function resized(size: Size, is: number, wanted: number): Size {
  if (is === wanted) return size;
  if (isPlain(size)) return wanted;
  const int64 = ["int64", "int64"] as const;
  const times = computed("Mul", [size, wanted], int64, "int64");
  return (times && computed("Div", [times, is], int64, "int64")) ?? size;
}

/** The values whose lengths are in a size. */
function lengthsIn(s: Size): readonly string[] {
  if (isPlain(s)) return [];
  return isLength(s) ? [s.of] : s.args.flatMap(lengthsIn);
}

/** The values whose lengths a node's attributes follow. */
export const followedBy = (follows: Follows | undefined): readonly string[] =>
  follows ? Object.values(follows).flat().flatMap(lengthsIn) : [];
