/**
 * Subnormal weights: numbers below float32's smallest normal one, 1.2e-38, which processors add and multiply many times slower than
 * others. A weight so small moves no output that float32 can tell from the one without it, so files have 0 in its place. What is not
 * plainly a weight stays as it is: a constant may be so small on purpose, as what keeps a logarithm or a quotient from zero is.
 */
import { entryOf } from "./ops/index.ts";
import { tensor } from "./tensor.ts";
import type { Graph, Model, Tensor, Value } from "./types.ts";

const EXPONENT = 0x7f800000;

const bitsOf = ({ buffer, byteOffset, length }: Float32Array) => new Int32Array(buffer, byteOffset, length);
/** −0 has no exponent either: it is for the writer. */
const isSubnormal = (bits: number): boolean => (bits & EXPONENT) === 0 && (bits & 0x7fffff) !== 0;

/** How many elements of a stored tensor are subnormal. */
function subnormals({ data }: Tensor): number {
  if (!(data instanceof Float32Array)) return 0;
  const bits = bitsOf(data);
  let found = 0;
  for (let i = 0; i < bits.length; i++) if (isSubnormal(bits[i])) found++;
  return found;
}

/** A stored tensor with 0 for its subnormal numbers. */
function flushed(t: Tensor): Tensor {
  const data = (t.data as Float32Array).slice();
  const bits = bitsOf(data);
  for (let i = 0; i < bits.length; i++) if (isSubnormal(bits[i])) bits[i] = 0;
  return tensor(t.dtype, t.shape, data);
}

/** The stored tensors that are weights of products and nothing else: every node that reads one does so where its operator learns. */
function weights({ nodes, initializers, outputs }: Graph): Set<Value> {
  const found = new Set(initializers.keys());
  for (const v of outputs) found.delete(v);
  for (const { op, domain, inputs } of nodes) {
    const entry = entryOf(op, domain);
    for (const [at, v] of inputs.entries()) if (v && !(entry?.product && entry.learns?.includes(at))) found.delete(v);
  }
  return found;
}

/** A model as its file has it, and how many of its weights became 0; the same model where none did. */
export function flushedModel(model: Model): { readonly model: Model; readonly flushed: number } {
  const { graph } = model;
  let count = 0;
  const instead = new Map<Value, Tensor>();
  for (const v of weights(graph)) {
    const t = graph.initializers.get(v)!;
    const n = subnormals(t);
    if (n > 0) instead.set(v, flushed(t));
    count += n;
  }
  if (count === 0) return { model, flushed: 0 };
  const initializers = new Map([...graph.initializers].map(([v, t]) => [v, instead.get(v) ?? t]));
  return { model: { ...model, graph: { ...graph, initializers } }, flushed: count };
}
