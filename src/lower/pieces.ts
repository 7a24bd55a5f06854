/**
 * Long chains over large tensors, piece by piece. Every elementwise operator is a kernel of its own that reads and writes all of its
 * tensor, so that a chain over tensors larger than the caches waits for memory at each link. Taken in pieces of the first axis, it goes
 * from memory to memory once: the gradient of a Gelu of [8192, 1024], eleven operators, takes 38 ms instead of 62, and of 130 where
 * others use the memory too (onnxruntime-node 1.30, Intel Xeon with AVX-512 and 2 MiB of L2 a core, one thread). Every element is
 * computed by the same operators from the same numbers in the same order, so that not a bit changes.
 */
import type { Builder } from "../graph/builder.ts";
import { families } from "../graph/ops/index.ts";
import { i64, size } from "../graph/tensor.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import { consumers, producers } from "../graph/walk.ts";
import { type Chain, chainsOf, isCut } from "./chains.ts";
import { builderWithoutNodes } from "./rebuilt.ts";
import type { Target } from "./target.ts";

/** A pass over a piece costs less than a third of one over memory; to take a tensor apart costs one of these, to put it together two. */
const WORTH = 1.5;

/** A chain, what it reads of others piece by piece, and what others read of it. */
interface Cut {
  readonly chain: Chain;
  readonly apart: readonly Value[];
  readonly together: readonly Value[];
}

/** A graph whose long chains over large tensors go piece by piece. Same inputs, outputs and values. */
export function inPieces(graph: Graph, { thresholds, threads = 1 }: Target): Graph {
  if (!thresholds) return graph;
  const { pieceElements, pieced } = thresholds;
  const most = pieceElements * threads;
  const least = Math.max(pieced, 2 * most);
  const long = chainsOf(graph).filter((chain) => longest(chain) >= least && lengthOfPiece(chain, most) > 0);
  const readers = consumers(graph);
  const given = new Set(graph.outputs);
  /** What others read of a chain. */
  const putTogether = (chain: Chain): Value[] => {
    const own = new Set(chain);
    const made = chain.map(({ outputs: [y] }) => y!);
    return made.filter((y) => given.has(y) || readers.get(y)?.some((node) => !own.has(node)));
  };
  const chains = long
    .map((chain): Cut => ({ chain, apart: takenApart(chain), together: putTogether(chain) }))
    .filter(pays);
  if (chains.length === 0) return graph;
  const cutOf = new Map(chains.flatMap((cut) => cut.chain.map((node) => [node, cut] as const)));
  const makes = producers(graph);
  const g = builderWithoutNodes(graph);
  const placed = new Set<Node>();
  /** A node behind what it reads; a chain behind what any of it reads, which never comes of the chain itself. */
  const place = (node: Node): void => {
    if (placed.has(node)) return;
    const cut = cutOf.get(node);
    const all = cut?.chain ?? [node];
    for (const one of all) placed.add(one);
    for (const x of all.flatMap((one) => one.inputs)) {
      const maker = x && makes.get(x);
      if (maker) place(maker);
    }
    if (cut) emitPieces(g, cut, most);
    else g.add(node);
  };
  for (const node of graph.nodes) place(node);
  return { ...g.build(), outputs: graph.outputs };
}

const lengthOf = (chain: Chain): number => chain[0].outputs[0]!.shape[0];
const longest = (chain: Chain): number => Math.max(...chain.map(({ outputs: [y] }) => size(y!.shape)));

/** Elements between which a sum begins anew with whole registers, and so adds up in the same order. */
const ALIGNED = 16;

/** How much of the first axis makes a piece of at most so many elements; 0 where there is no such piece. */
function lengthOfPiece(chain: Chain, most: number): number {
  const length = lengthOf(chain);
  const summed = chain.flatMap(({ op, inputs: [x] }) => (Object.hasOwn(families.reduction, op) ? [x!] : []));
  let unit = 1;
  while (summed.some((x) => (unit * size(x.shape)) % (ALIGNED * length) !== 0)) unit *= 2;
  const all = Math.floor((most * length) / longest(chain));
  return all - (all % unit);
}

/** What a chain reads of others piece by piece. */
const takenApart = (chain: Chain): Value[] => {
  const own = new Set(chain.map(({ outputs: [y] }) => y));
  const read = chain.flatMap((node) => node.inputs.filter((x) => x && isCut(x, node) && !own.has(x)) as Value[]);
  return [...new Set(read)];
};

/** Whether a chain passes over its tensors often enough. */
function pays({ chain, apart, together }: Cut): boolean {
  const elements = (values: readonly Value[]) => values.reduce((sum, v) => sum + size(v.shape), 0);
  const passes = chain.map(({ inputs, outputs }) =>
    Math.max(...[...inputs, ...outputs].map((v) => (v ? size(v.shape) : 0))),
  );
  return passes.reduce((sum, n) => sum + n, 0) >= WORTH * (elements(apart) + 2 * elements(together));
}

/** A chain by pieces of at most so many elements. */
function emitPieces(g: Builder, { chain, apart, together }: Cut, most: number): void {
  const length = lengthOf(chain);
  const each = lengthOfPiece(chain, most);
  const parts = new Map(together.map((v) => [v, [] as Value[]]));
  g.scope(chain[0].name, () => {
    for (let from = 0; from < length; from += each) {
      const cut = new Map(apart.map((v) => [v, piece(g, v, from, Math.min(length, from + each))]));
      for (const { op, domain, inputs, outputs, attrs } of chain) {
        const given = inputs.map((x) => (x && cut.get(x)) ?? x);
        const [made] = g.emit(op, given, attrs, domain);
        cut.set(outputs[0]!, made);
        parts.get(outputs[0]!)?.push(made);
      }
    }
  });
  for (const [v, all] of parts) g.replace(v, g.Concat(all, { axis: 0 }));
}

/**
 * Places of the first axis, by Gather, which shares them out among threads; Slice copies with one. The weight gradient by samples takes 0.91
 * to 0.95 of the time by two threads so, and 0.98 by one (onnxruntime-node 1.30, AMD EPYC with AVX-512).
 */
export const piece = (g: Builder, v: Value, from: number, to: number): Value =>
  g.Gather(v, g.constant(i64(Array.from({ length: to - from }, (_, i) => from + i))), { axis: 0 });
