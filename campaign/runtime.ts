/** ONNX Runtime itself, without Espalier between: what both say of one model is compared. */
import { createRequire } from "node:module";
import type { InferenceSession } from "onnxruntime-node";
import type { DType, Tensor } from "../src/graph/types.ts";
import { WrongResult } from "./suite.ts";

type Runtime = typeof import("onnxruntime-node");
let loaded: Runtime | undefined;
function runtime(): Runtime {
  process.env["ORT_DISABLE_TELEMETRY"] = "1"; // before it is loaded
  loaded ??= createRequire(import.meta.url)("onnxruntime-node") as Runtime;
  return loaded;
}

type Optimization = "disabled" | "all";

/**
 * There is no kernel, no memory for it, or the standard has no such operator for this element type: none is what Espalier judges. Nor
 * is a linear or cubic Resize that the runtime (1.30) moves behind a Transpose, where it is not allowed.
 */
const NO_KERNEL =
  /exceeds the supported maximum|NOT_IMPLEMENTED|Could not find an implementation|Type Error: Type '|Type parameter .* bound to different types|'(?:Linear|Cubic)' mode only supports/;

/** Whether this is how the runtime says so. */
export const lacksKernel = (message: string): boolean => NO_KERNEL.test(message);

/** What a model computes; undefined where the runtime has no kernel for one of its nodes. @throws WrongResult when it refuses the model */
export async function outputsOf(
  model: Uint8Array,
  feeds: Readonly<Record<string, Tensor>>,
  graphOptimizationLevel: Optimization,
): Promise<Readonly<Record<string, Tensor>> | undefined> {
  const { InferenceSession: Session, Tensor: OrtTensor } = runtime();
  let session: InferenceSession | undefined;
  try {
    session = await Session.create(model, {
      graphOptimizationLevel,
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      logSeverityLevel: 4,
    });
    const given = Object.entries(feeds).map(([name, { dtype, shape, data }]) => [
      name,
      new OrtTensor(dtype as "float32", data as Float32Array, shape),
    ]);
    const results = await session.run(Object.fromEntries(given));
    return Object.fromEntries(
      Object.entries(results).map(([name, t]) => [
        name,
        { dtype: t.type as DType, shape: t.dims, data: t.data as Float32Array },
      ]),
    );
  } catch (e) {
    const { message } = e as Error;
    if (lacksKernel(message)) return undefined;
    throw new WrongResult(`ONNX Runtime refuses what Espalier accepts: ${message}`);
  } finally {
    await session?.release();
  }
}

/** @throws WrongResult when outputs are not of one type and shape, or further apart than the tolerance, relative to the largest */
export function checkEqual(
  wanted: Readonly<Record<string, Tensor>>,
  got: Readonly<Record<string, Tensor>>,
  tolerance: number,
  what: string,
): void {
  for (const [name, a] of Object.entries(wanted)) {
    const b = got[name];
    const type = (t: Tensor | undefined) => t && `${t.dtype}[${t.shape}]`;
    if (type(a) !== type(b)) throw new WrongResult(`${what}: ${name} is ${type(b)}, not ${type(a)}`);
    const [x, y] = [a, b].map((t) => Array.from(t.data as ArrayLike<number | bigint>, Number));
    const largest = x.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-3);
    const worst = x.reduce((m, v, i) => Math.max(m, Object.is(v, y[i]) ? 0 : Math.abs(v - y[i])), 0);
    if (!(worst <= tolerance * largest))
      throw new WrongResult(`${what}: ${name} differs by ${worst / largest} of its largest element`);
  }
}

/** Whether every number is finite. */
export const allFinite = (outputs: Readonly<Record<string, Tensor>>): boolean =>
  Object.values(outputs).every((t) =>
    Array.from(t.data as ArrayLike<number>).every((x) => typeof x !== "number" || Number.isFinite(x)),
  );
