/**
 * Whole layers: of each residual branch, what must be zero for all of it to be zero, so that only what goes past it is left. That is the
 * last linear map of the branch with its bias, or the scale and shift of the norm behind it.
 */
import { size } from "../graph/tensor.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import { consumers, producers } from "../graph/walk.ts";
import { flowOf } from "./axes/index.ts";
import type { GroupSet, Member } from "./group-set.ts";
import { type Stored, storedValues } from "./stored.ts";
import { tensorOf } from "./weights.ts";

/** A branch has at most so many operators: a block of a network has far fewer. */
const LONGEST = 512;
/** So many operators may stand between the last linear map of a branch and the sum. */
const FARTHEST = 16;

/** The branches of a graph, a set of one group for each: in the order of the sums that they end in. */
export function layerSets(graph: Graph): GroupSet[] {
  const wiring: Wiring = {
    graph,
    stored: storedValues(graph),
    makers: producers(graph),
    readers: consumers(graph),
  };
  const taken = new Set<Value>();
  return graph.nodes.flatMap((node) => {
    const params = branchAt(wiring, node);
    if (!params || params.some((v) => taken.has(v))) return [];
    for (const v of params) taken.add(v);
    const members = params.map((param): Member => {
      return { param, view: [1, size(param.shape)], axes: [0], channels: null };
    });
    const weights = members.reduce((n, m) => n + m.view[1], 0);
    return [{ name: params[0].name, count: 1, members, sizes: Float64Array.of(weights) }];
  });
}

interface Wiring {
  readonly graph: Graph;
  readonly stored: ReadonlyMap<Value, Stored>;
  readonly makers: ReadonlyMap<Value, Node>;
  readonly readers: ReadonlyMap<Value, readonly Node[]>;
}

const flowIn = ({ stored }: Wiring, node: Node) => flowOf(node, (i) => tensorOf(node.inputs[i], stored));

/** What makes a branch that ends in a sum; undefined where no branch does. */
function branchAt(wiring: Wiring, node: Node): readonly Value[] | undefined {
  if (!flowIn(wiring, node).adds) return undefined;
  const [a, b] = node.inputs as [Value, Value];
  if (wiring.stored.has(a) || wiring.stored.has(b)) return undefined;
  const branch = reaches(wiring, b, a) ? b : reaches(wiring, a, b) ? a : undefined;
  const whole = branch?.shape.join() === node.outputs[0]!.shape.join();
  const params = branch && whole ? zeroing(wiring, branch, FARTHEST) : undefined;
  return params?.length ? params : undefined;
}

/** Whether a value is made, however far behind, of another. */
function reaches({ makers }: Wiring, from: Value, to: Value): boolean {
  const seen = new Set<Value>([from]);
  for (const v of seen) {
    if (v === to) return true;
    if (seen.size < LONGEST) for (const x of makers.get(v)?.inputs ?? []) if (x) seen.add(x);
  }
  return false;
}

/** The parameters that make a value zero when they are; undefined where others have a say, or are read elsewhere. */
function zeroing(wiring: Wiring, v: Value, left: number): readonly Value[] | undefined {
  const { graph, makers, readers, stored } = wiring;
  const node = makers.get(v);
  if (!node || left === 0 || readers.get(v)?.length !== 1 || graph.outputs.includes(v)) return undefined;
  const { weight, further, affine, gates, factors = [], adds, moves } = flowIn(wiring, node);
  if (further) return undefined; // a layer with a state
  if (weight) return trained(wiring, [node.inputs[weight.at], node.inputs[2]]);
  const norm = affine ?? (gates && node.inputs.flatMap((_, i) => (i > 0 ? [i] : [])));
  if (norm)
    return trained(
      wiring,
      norm.map((i) => node.inputs[i]),
    );
  const beside = node.inputs.findIndex((x) => x && stored.has(x));
  const other = node.inputs[1 - beside];
  if (adds && beside >= 0)
    return joined(other ? zeroing(wiring, other, left - 1) : undefined, trained(wiring, [node.inputs[beside]]));
  const passes = factors.includes(beside) ? other : moves ? node.inputs[0] : undefined;
  return passes ? zeroing(wiring, passes, left - 1) : undefined;
}

const joined = (a: readonly Value[] | undefined, b: readonly Value[] | undefined) => a && b && [...a, ...b];

/** The parameters behind stored values; undefined where one of them is not trained. */
function trained({ graph, stored }: Wiring, values: readonly (Value | null | undefined)[]): Value[] | undefined {
  const roots = values.flatMap((v) => (v ? [stored.get(v)?.root] : []));
  const all = roots.every((v) => v && graph.initializers.has(v) && v.dtype === "float32");
  return all ? (roots as Value[]) : undefined;
}
