/** How far what a file computes is from what PyTorch computes, and a model's graph at the size of given inputs. */
import { type Engine, type EngineTensor, runOnce } from "../../src/engine/engine.ts";
import { reshapeInputs } from "../../src/graph/infer.ts";
import type { Graph, Model, Shape, Tensor, Value } from "../../src/graph/types.ts";

/** What fails, in one line. */
export class Wrong extends Error {}

export async function run(engine: Engine, bytes: Uint8Array, feeds: Readonly<Record<string, EngineTensor>>) {
  const session = await engine.load(bytes);
  try {
    return await runOnce(session, engine, feeds);
  } finally {
    await session.release();
  }
}

/** Inputs by the names that a file has for them. */
export const feedsFor = (model: Model, inputs: readonly Tensor[]): Record<string, Tensor> =>
  Object.fromEntries(model.graph.inputs.map((v, i) => [v.name, inputs[i]]));

/** The graph where its inputs are of these sizes. @throws Wrong where the file fixes another */
export function graphFor(model: Model, inputs: readonly Tensor[]): Graph {
  const shapes = new Map<Value, Shape>();
  model.graph.inputs.forEach((v, i) => {
    const dims = model.dims.get(v.name) ?? v.shape;
    const wanted = inputs[i].shape;
    if (dims.some((d, at) => typeof d === "number" && d !== wanted[at]))
      throw new Wrong(`input "${v.name}" is fixed to [${dims.join(", ")}]`);
    shapes.set(v, wanted);
  });
  return reshapeInputs(model.graph, shapes).graph;
}

/** Largest difference of two lists relative to the largest of the first. */
export function relativeError(wanted: ArrayLike<number>, got: ArrayLike<number>): number {
  let [difference, scale] = [0, 1e-6];
  for (let i = 0; i < wanted.length; i++) {
    const d = Math.abs(wanted[i] - got[i]);
    difference = Math.max(difference, Number.isNaN(d) ? Number.POSITIVE_INFINITY : d);
    scale = Math.max(scale, Math.abs(wanted[i]));
  }
  return difference / scale;
}

export const floatsOf = (t: { readonly data: unknown }): Float32Array => t.data as Float32Array;
