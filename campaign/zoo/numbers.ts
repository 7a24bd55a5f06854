/** How far what a file computes is from what PyTorch computes, and a model's graph at the size of given inputs. */
import { type Engine, type EngineTensor, runOnce } from "../../src/engine/engine.ts";
import { axesOfInput, bind } from "../../src/graph/bind.ts";
import type { Graph, Model, Tensor } from "../../src/graph/types.ts";

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

/** The graph bound to the sizes of these inputs. @throws Wrong where the file fixes another */
export function graphFor(model: Model, inputs: readonly Tensor[]): Graph {
  const sizes = new Map<string, number>();
  model.graph.inputs.forEach((v, i) => {
    for (const [at, d] of axesOfInput(model, v).entries()) {
      const wanted = inputs[i].shape[at];
      if (typeof d === "string") sizes.set(d, wanted);
      else if (d !== wanted)
        throw new Wrong(
          `input "${v.name}" is fixed to ${v.shape.join("×")}${model.sizes?.fixed ? `: ${model.sizes.fixed}` : ""}`,
        );
    }
  });
  return bind(model, Object.fromEntries(sizes));
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
