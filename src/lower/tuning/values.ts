/** Numbers that formulations are tried on, and how far their results are apart. */
import type { EngineTensor, HostTensors } from "../../engine/engine.ts";
import { size, tensor, zeros } from "../../graph/tensor.ts";
import type { Graph } from "../../graph/types.ts";
import { Random } from "../../math/random.ts";

/** Results by name. */
export type Arrays = Readonly<Record<string, EngineTensor>>;

/**
 * Numbers in (−1, 1) for every input of float32, zeros for the others. Drawn once for a stretch and repeated: drawing all would take
 * longer than the trial.
 */
export function drawn(graph: Graph, seed: number): HostTensors {
  const random = new Random(seed, "verify");
  const stretch = Float32Array.from({ length: 4093 }, () => 2 * random.uniform() - 1);
  return Object.fromEntries(
    graph.inputs.map(({ name, dtype, shape }) => {
      if (dtype !== "float32") return [name, zeros(dtype, shape)];
      const data = new Float32Array(size(shape));
      for (let at = 0; at < data.length; at += stretch.length)
        data.set(stretch.subarray(0, Math.min(stretch.length, data.length - at)), at);
      return [name, tensor("float32", shape, data)];
    }),
  );
}

/** The largest difference of any output, relative to its largest element or 1; infinite where something is not finite. */
export function distanceOf(got: Arrays, wanted: Arrays): number {
  let worst = 0;
  for (const [name, { data }] of Object.entries(wanted)) {
    const [a, b] = [got[name].data as Float32Array, data as Float32Array];
    if (a.length !== b.length) return Infinity;
    let [scale, most] = [1, 0];
    for (let i = 0; i < b.length; i++) {
      const apart = Math.abs(a[i] - b[i]);
      if (!(apart <= most)) most = Number.isNaN(apart) ? Infinity : apart;
      if (Math.abs(b[i]) > scale) scale = Math.abs(b[i]);
    }
    worst = Math.max(worst, most / scale);
  }
  return worst;
}
