/** A built-in network computed by another framework, operator by operator: what the framework has to bring, and the walk over the graph. */
import type { Graph, Node, Tensor } from "../src/graph/types.ts";

/** Sizes of a window that moves over an image; pads are top, left, bottom, right. */
export interface MovedWindow {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly pads: readonly number[];
}

/**
 * The operators of the built-in networks, by a framework's arrays. How images and kernels are laid out is the framework's: `flatten` gives
 * rows in ONNX's order.
 */
export interface Operators<A> {
  /** A value that is used once more afterwards; of frameworks that count owners, another one. */
  again(x: A): A;
  conv(x: A, kernel: A, window: MovedWindow): A;
  /** Adds one number a channel. */
  shift(x: A, bias: A): A;
  /** By the batch's own mean and variance. */
  batchNorm(x: A, scale: A, bias: A, epsilon: number): A;
  relu(x: A): A;
  add(x: A, y: A): A;
  maxPool(x: A, window: MovedWindow): A;
  meanOfPixels(x: A): A;
  flatten(x: A): A;
  /** Rows times the transposed matrix, plus the bias. */
  linear(x: A, weight: A, bias: A): A;
}

type Attr = readonly number[];
const windowOf = ({ attrs }: Node): MovedWindow => ({
  kernel: attrs["kernel_shape"] as Attr,
  strides: attrs["strides"] as Attr,
  pads: attrs["pads"] as Attr,
});

type Way = <A>(by: Operators<A>, node: Node, args: readonly A[]) => A;
const ways: Readonly<Record<string, Way>> = {
  Conv: (by, node, [x, kernel, bias]) => {
    const y = by.conv(x, kernel, windowOf(node));
    return bias === undefined ? y : by.shift(y, bias);
  },
  BatchNormalization: (by, { attrs }, [x, scale, bias]) => by.batchNorm(x, scale, bias, Number(attrs["epsilon"])),
  Relu: (by, _, [x]) => by.relu(x),
  Add: (by, _, [x, y]) => by.add(x, y),
  MaxPool: (by, node, [x]) => by.maxPool(x, windowOf(node)),
  GlobalAveragePool: (by, _, [x]) => by.meanOfPixels(x),
  Flatten: (by, _, [x]) => by.flatten(x),
  Gemm: (by, _, [x, weight, bias]) => by.linear(x, weight, bias),
};

/** Inputs of a node that are not told to a framework: a training step's batch norm has no use for running statistics. */
const given = ({ op, inputs }: Node) => (op === "BatchNormalization" ? inputs.slice(0, 3) : inputs);

/**
 * The parameters that the network computes with, by name.
 * @throws Error naming the operator that cannot be told
 */
export function parametersOf({ nodes, initializers }: Graph): ReadonlyMap<string, Tensor> {
  const unknown = nodes.find(({ op }) => !(op in ways));
  if (unknown) throw new Error(`${unknown.op} was not written for other frameworks`);
  return new Map(
    nodes.flatMap((node) =>
      given(node).flatMap((value) => {
        const tensor = value && initializers.get(value);
        return tensor ? [[value.name, tensor] as const] : [];
      }),
    ),
  );
}

/** The network's output. Each value is handed on for the last time where its last use is. */
export function inOtherArrays<A>(graph: Graph, by: Operators<A>, x: A, parameters: ReadonlyMap<string, A>): A {
  const values = new Map<string, A>([...parameters, [graph.inputs[0].name, x]]);
  const left = new Map<string, number>();
  const names = graph.nodes.map((node) => given(node).map((value) => value?.name ?? ""));
  for (const name of names.flat()) left.set(name, (left.get(name) ?? 0) + 1);
  const use = (name: string): A => {
    const value = values.get(name) as A;
    const uses = (left.get(name) ?? 1) - 1;
    left.set(name, uses);
    return uses > 0 ? by.again(value) : value;
  };
  graph.nodes.forEach((node, i) => {
    values.set(node.outputs[0]?.name ?? "", ways[node.op](by, node, names[i].map(use)));
  });
  return values.get(graph.outputs[0].name) as A;
}
