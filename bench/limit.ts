/**
 * The limit beside a figure: what the machine reaches at most, measured in the same run, and the operations and bytes that a training
 * step cannot do without.
 */
import { type Engine, withUploaded } from "../src/engine/engine.ts";
import { atBatch } from "../src/graph/bind.ts";
import { builder } from "../src/graph/builder.ts";
import { macsOf } from "../src/graph/macs.ts";
import { f32, size, tensor } from "../src/graph/tensor.ts";
import type { Graph, Model, Value } from "../src/graph/types.ts";
import { encode } from "../src/onnx/write.ts";
import { parameters } from "../src/step/parameters.ts";

/** What the machine reaches through the runtime, on the threads of the engine. */
export interface Peak {
  /** 10⁹ floating-point operations a second: the best of several products of two 1,536 × 1,536 matrices. */
  readonly gflops: number;
  /** 10⁹ bytes a second, read and written: the best of several copies (negations) of 128 MB. */
  readonly gbs: number;
}

/** Seconds of the fastest of several calls. */
export async function fastest(
  engine: Engine,
  graph: Graph,
  feeds: Readonly<Record<string, Float32Array>>,
  calls: number,
): Promise<number> {
  const [{ name, shape }] = graph.outputs;
  const session = await engine.load(encode(graph), { resident: [name] }); // written in place: a copy is no part of it
  const inputs = Object.fromEntries(graph.inputs.map((v) => [v.name, tensor("float32", v.shape, feeds[v.name])]));
  const target = { [name]: f32(new Float32Array(size(shape)), shape) };
  let best = Number.POSITIVE_INFINITY;
  try {
    await withUploaded(engine, inputs, (uploaded) =>
      withUploaded(engine, target, async (into) => {
        for (let i = 0; i < calls; i++) {
          const start = performance.now();
          await session.run(uploaded, into);
          best = Math.min(best, (performance.now() - start) / 1000);
        }
      }),
    );
  } finally {
    await session.release();
  }
  return best;
}

/** How many copies more a second graph makes: what a call costs otherwise, as what the binding copies, is in both. */
const MORE = 4;

/** So many copies, one of the other, and one number of the last. */
function copies(count: number, times: number): Graph {
  const g = builder("copies");
  let x = g.input("a", "float32", [count]);
  for (let i = 0; i < times; i++) x = g.Neg(x);
  g.output(g.ReduceMax(x, { keepdims: 0 }), "c");
  return g.build();
}

/** Measures both, in about two seconds. */
export async function peakOf(engine: Engine): Promise<Peak> {
  const n = 1536;
  const product = builder("product");
  const [a, b] = ["a", "b"].map((name) => product.input(name, "float32", [n, n]));
  product.output(product.MatMul(a, b), "c");
  const of = new Float32Array(n * n).fill(0.5);
  const matrix = await fastest(engine, product.build(), { a: of, b: of }, 12);

  const count = 32 << 20;
  const given = { a: new Float32Array(count).fill(1) };
  const [few, many] = [
    await fastest(engine, copies(count, 1), given, 6),
    await fastest(engine, copies(count, 1 + MORE), given, 6),
  ];
  return { gflops: (2 * n ** 3) / matrix / 1e9, gbs: (8 * count * MORE) / (many - few) / 1e9 };
}

/** What a step by momentum SGD cannot do without. */
export interface StepWork {
  /** Floating-point operations of the products: forward, and the gradients of both operands where they are wanted. */
  readonly flops: number;
  /**
   * Bytes that go through memory where nothing stays in a cache: each parameter is read and written, as is its momentum, and its
   * gradient; what a product reads is written before it, and read in both passes.
   */
  readonly bytes: number;
}

/** Counts a model's step at a batch size. */
export function stepWork(model: Model, batch: number): StepWork {
  const graph = atBatch(model, batch);
  const { trained } = parameters(graph);
  const wanted = new Set<Value>(trained); // whatever a trained parameter has a part in has a gradient
  const read = new Set<Value>();
  let macs = 0;
  for (const node of graph.nodes) {
    const inputs = node.inputs.filter((v) => v !== null);
    const products = macsOf(node);
    macs += products * (1 + inputs.slice(0, 2).filter((v) => wanted.has(v)).length);
    if (products > 0) for (const v of inputs) if (!graph.initializers.has(v)) read.add(v);
    if (inputs.some((v) => wanted.has(v))) for (const v of node.outputs) if (v) wanted.add(v);
  }
  const params = trained.reduce((n, { shape }) => n + size(shape), 0);
  const activations = [...read].reduce((n, { shape }) => n + size(shape), 0);
  return { flops: 2 * macs, bytes: 4 * (6 * params + 3 * activations) };
}

/** Milliseconds that a step takes at least, and which of both it waits for. */
export function limitOf({ flops, bytes }: StepWork, { gflops, gbs }: Peak): { ms: number; by: "products" | "memory" } {
  const [products, memory] = [flops / gflops / 1e6, bytes / gbs / 1e6];
  return products >= memory ? { ms: products, by: "products" } : { ms: memory, by: "memory" };
}
