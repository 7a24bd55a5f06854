/**
 * Transposes that move one stretch of axes past another, instead of any order at once. ONNX Runtime's CPU kernel has a fast way for
 * one axis that moves and copies element by element for every other order: [512, 512, 9] with [2, 1, 0] takes 39 ms, as [0, 2, 1] and
 * then [1, 0] 3.1 (onnxruntime-node 1.30, Intel Xeon with AVX-512, one thread; the kernel uses one thread only). Nothing is computed,
 * so that not a bit changes.
 */
import type { Builder } from "../graph/builder.ts";
import { reshape } from "../graph/emit.ts";
import { size } from "../graph/tensor.ts";
import type { Graph, Node, Shape, Value } from "../graph/types.ts";
import { builderWithoutNodes } from "./rebuilt.ts";

/** Fewer elements do not pay for a further node. */
const LEAST = 4096;

/** What a transpose costs that moves the last axis and is no single move, and a move that does not reach the last axis; others 1. */
const SLOW = 8;
const BY_PIECES = 4;

/** Neighbours [begin, middle) and [middle, end) change places. */
interface Move {
  readonly begin: number;
  readonly middle: number;
  readonly end: number;
}

/** A graph in which slow transposes are several fast ones. Same inputs, outputs and values. */
export function withFastTransposes(graph: Graph): Graph {
  const g = builderWithoutNodes(graph);
  for (const node of graph.nodes) {
    const made = node.op === "Transpose" && node.domain === "" && g.scope(node.name, () => moved(g, node));
    if (made) g.replace(node.outputs[0]!, made);
    else g.add(node);
  }
  return { ...g.build(), outputs: graph.outputs };
}

/** What a transpose makes, by moves; undefined where it is fast as it is. */
function moved(g: Builder, { inputs: [x], outputs: [y], attrs }: Node): Value | undefined {
  const perm = attrs.perm as readonly number[];
  if (size(x!.shape) < LEAST || movesOneAxis(perm)) return undefined;
  const { order, shape } = joined(x!.shape, perm);
  const staysLast = order.at(-1) === order.length - 1; // whole pieces are copied then
  const moves = staysLast ? undefined : cheapest(order);
  if (!moves) return undefined;
  let [now, sizes] = [x!, shape];
  for (const move of moves) {
    const { begin, middle, end } = move;
    const stretch = (from: number, to: number) => (from < to ? [size(sizes.slice(from, to))] : []);
    const [before, after] = [stretch(0, begin), stretch(end, sizes.length)];
    const apart = [...before, ...stretch(begin, middle), ...stretch(middle, end), ...after];
    const first = before.length;
    now = g.Transpose(reshape(g, now, apart), {
      perm: swapped([...apart.keys()], { begin: first, middle: first + 1, end: first + 2 }),
    });
    sizes = swapped(sizes, move);
  }
  return reshape(g, now, y!.shape);
}

/** Whether all axes but one keep their order, which the kernel sees by itself. */
const movesOneAxis = (perm: readonly number[]): boolean =>
  perm.some((axis) => perm.filter((other) => other !== axis).every((other, i, rest) => i === 0 || rest[i - 1] < other));

/** Axes that stay together as one, those of length 1 left out. */
function joined(shape: Shape, perm: readonly number[]): { order: number[]; shape: number[] } {
  const long = perm.filter((axis) => shape[axis] !== 1);
  const rank = (axis: number) => long.filter((other) => other < axis).length;
  const runs: number[][] = [];
  for (const axis of long)
    if (runs.length > 0 && rank(axis) === rank(runs.at(-1)!.at(-1)!) + 1) runs.at(-1)!.push(axis);
    else runs.push([axis]);
  const sorted = runs.toSorted((a, b) => a[0] - b[0]);
  return {
    order: runs.map((run) => sorted.indexOf(run)),
    shape: sorted.map((run) => size(run.map((axis) => shape[axis]))),
  };
}

/** One move or two from 0, 1, 2 … to an order, whichever cost least; undefined where none cost less than the transpose itself. */
function cheapest(order: readonly number[]): readonly Move[] | undefined {
  const start = order.toSorted((a, b) => a - b);
  const all = movesOf(order.length);
  const ways = all.flatMap((one) => [[one], ...all.map((other) => [one, other])]);
  const cost = (way: readonly Move[]) => way.reduce((sum, m) => sum + (m.end === order.length ? 1 : BY_PIECES), 0);
  const right = ways.filter((way) => cost(way) < SLOW && `${way.reduce(swapped, start)}` === `${order}`);
  return right.sort((a, b) => cost(a) - cost(b) || b[0].begin - a[0].begin)[0]; // ends as a matrix: a product may take it as it is
}

function movesOf(axes: number): Move[] {
  const all: Move[] = [];
  for (let begin = 0; begin < axes; begin++)
    for (let middle = begin + 1; middle < axes; middle++)
      for (let end = middle + 1; end <= axes; end++) all.push({ begin, middle, end });
  return all;
}

const swapped = (list: number[], { begin, middle, end }: Move): number[] => [
  ...list.slice(0, begin),
  ...list.slice(middle, end),
  ...list.slice(begin, middle),
  ...list.slice(end),
];
