/**
 * The gradient of a sequence, step by step. Where a network reads a few steps alone, often the last one, it is zeros that were put back
 * around theirs; such zeros are neither written nor added. Of the 28 × 28 LSTM of the benchmark at batch 128 that spares a tenth of a step.
 */
import type { Builder } from "../../graph/builder.ts";
import { reshape } from "../../graph/emit.ts";
import type { Meanings } from "../../graph/meanings.ts";
import { size } from "../../graph/tensor.ts";
import type { Node, Value } from "../../graph/types.ts";
import { producers } from "../../graph/walk.ts";

/** A node that moves elements, and which axis of what it makes has the steps. */
interface Move {
  readonly node: Node;
  readonly axis: number;
}

/** Zeros but at some places along an axis, and the moves by which a gradient was made of that, the last one first. */
interface Scattered {
  readonly source: Value;
  readonly axis: number;
  readonly index: readonly number[];
  readonly moves: readonly Move[];
}

/** How a gradient was made of few steps; undefined = of all of them. */
function scattered(g: Builder, v: Value, along: number): Scattered | undefined {
  const graph = g.build();
  const makes = producers(graph);
  const moves: Move[] = [];
  let [at, axis] = [v, along];
  for (;;) {
    const meaning = graph.meanings?.get(at);
    const node = makes.get(at);
    const put = meaning?.of === "PutBack" ? (meaning.attrs as Meanings["PutBack"]["attrs"]) : undefined;
    if (put) return put.axis === axis ? { source: meaning!.inputs[0], axis, index: put.index, moves } : undefined;
    if (!node) return undefined;
    const index = padded(node, axis);
    if (index) return { source: node.inputs[0]!, axis, index, moves };
    const before = axisBefore(node, axis);
    if (before === undefined) return undefined;
    moves.push({ node, axis });
    [at, axis] = [node.inputs[0]!, before];
  }
}

/** Where zeros stand around steps along an axis, and nowhere else, the places of the steps. */
function padded({ op, domain, inputs, attrs }: Node, axis: number): readonly number[] | undefined {
  if (op !== "Pad" || domain !== "" || attrs.mode !== "constant" || attrs.value !== 0) return undefined;
  const pads = attrs.pads as readonly number[];
  const { length } = inputs[0]!.shape;
  if (pads.some((n, i) => n < 0 || (n > 0 && i % length !== axis))) return undefined;
  return Array.from({ length: inputs[0]!.shape[axis] }, (_, i) => pads[axis] + i);
}

/** Which axis of what a node moves becomes an axis of what it makes; undefined where it does more than that. */
function axisBefore({ op, domain, inputs, outputs, attrs }: Node, axis: number): number | undefined {
  if (domain !== "") return undefined;
  if (op === "Transpose") return (attrs.perm as readonly number[])[axis];
  if (op !== "Reshape") return undefined;
  const [from, to] = [inputs[0]!.shape, outputs[0]!.shape];
  const before = size(to.slice(0, axis));
  const same = from.findIndex((n, i) => n === to[axis] && size(from.slice(0, i)) === before);
  return same < 0 ? undefined : same;
}

/** What a move makes of one step. */
const again = (g: Builder, x: Value, { node: { op, attrs, outputs }, axis }: Move): Value =>
  op === "Transpose"
    ? g.Transpose(x, { perm: attrs.perm as readonly number[] })
    : reshape(g, x, outputs[0]!.shape.with(axis, 1));

/**
 * The gradient's part of each step, of length 1 along the axis; null where that is all zeros.
 * @param along the axis of the steps
 * @returns undefined where it is not made of few steps
 */
export function partsOfSteps(g: Builder, v: Value, along: number): readonly (Value | null)[] | undefined {
  const found = v.shape[along] > 1 ? scattered(g, v, along) : undefined;
  if (!found) return undefined;
  const { source, index, moves, axis } = found;
  const made = index.map((_, i) => {
    const one = index.length === 1 ? source : g.Slice(source, { starts: [i], ends: [i + 1], axes: [axis] });
    return moves.reduceRight((x, move) => again(g, x, move), one);
  });
  return Array.from({ length: v.shape[along] }, (_, t) => {
    const own = made.filter((_, i) => index[i] === t);
    return own.length > 0 ? own.reduce((a, b) => g.Add(a, b)) : null;
  });
}
