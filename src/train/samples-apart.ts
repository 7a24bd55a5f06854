/** Whether a model that was made for one sample gives several at once what it gives each of them. */
import { type Engine, runOnce } from "../engine/engine.ts";
import { EspalierError } from "../error.ts";
import { atBatch, batchSymbol, declaredBatch } from "../graph/bind.ts";
import { checkRunMemory } from "../graph/run-memory.ts";
import type { Graph, Model, Tensor, Value } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import { encode } from "../onnx/write.ts";
import { randomInputs } from "../proof/random-inputs.ts";

/** How many samples are tried. */
const SAMPLES = 3;
/** What sums in another order may differ by, of the largest number. */
const TOLERANCE = 1e-3;

/** Whether its file is of one sample, and how it takes several is this program's reading of it. */
export const isRebatched = (model: Model): boolean =>
  batchSymbol(model) !== undefined && declaredBatch(model) === undefined;

/**
 * Tries a model whose file is of one sample on several random ones, at once and one by one.
 * @throws EspalierError when an output differs
 */
export async function checkSamplesApart(model: Model, engine: Engine): Promise<void> {
  if (!isRebatched(model)) return;
  const [several, one] = [atBatch(model, SAMPLES), atBatch(model, 1)];
  checkRunMemory(several);
  const all = randomInputs(model, SAMPLES, new Random(0, "verify", SAMPLES));
  const together = await outputs(engine, several, all);
  for (let i = 0; i < SAMPLES; i++) {
    const feeds = one.inputs.map((v) => [v.name, part(all[v.name], v, i)] as const);
    const alone = await outputs(engine, one, Object.fromEntries(feeds));
    for (const v of one.outputs) {
      const got = part(together[v.name], v, i).data as Float32Array;
      if (v.dtype === "float32" && distance(got, alone[v.name].data as Float32Array) > TOLERANCE)
        throw new EspalierError(
          "unsupported",
          "the model is of one sample, and joins samples when it is given several",
          { output: v.name, sample: i },
          "export the model with a dynamic batch axis (torch.onnx.export: dynamic_axes or dynamic_shapes)",
        );
    }
  }
}

async function outputs(engine: Engine, graph: Graph, feeds: Readonly<Record<string, Tensor>>) {
  const session = await engine.load(encode(graph));
  try {
    return (await runOnce(session, engine, feeds)) as Readonly<Record<string, Tensor>>;
  } finally {
    await session.release();
  }
}

/** Sample i of a tensor: along its first axis, or all of it where samples have no part in it. */
function part(t: Tensor, { shape }: Value, i: number): Tensor {
  if (t.shape.join() === shape.join()) return t;
  const n = shape.reduce((a, d) => a * d, 1);
  return { ...t, shape, data: t.data.slice(i * n, (i + 1) * n) };
}

/** The largest difference, of the largest number. */
function distance(a: Float32Array, b: Float32Array): number {
  const largest = (of: (i: number) => number) => b.reduce((m, _, i) => Math.max(m, Math.abs(of(i))), 0);
  return (
    largest((i) => a[i] - b[i]) /
    Math.max(
      1e-6,
      largest((i) => b[i]),
    )
  );
}
