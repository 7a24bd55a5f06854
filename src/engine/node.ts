/**
 * The engine of Node.js: onnxruntime-node. Its telemetry, on by default, is switched off before the runtime loads.
 */
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { EspalierError, UsageError } from "../error.ts";
import type { DeviceTensor, Engine, EngineTensor, Session } from "./engine.ts";

/** Where onnxruntime-node can run a graph. */
export type Device = "cpu" | "webgpu" | "cuda";

/** Options of `node`. */
/** The runtime starts as many threads as it is told to, and a hundred thousand of them exhaust a machine. */
const MOST_THREADS = 1024;

export interface NodeOptions {
  /** Threads within an operator. Default: the number of processors. */
  readonly threads?: number;
  /** Where the graph runs. Default "cpu". "cuda" wants the CUDA libraries (see README). */
  readonly device?: Device;
}

type Ort = typeof import("onnxruntime-node");
let runtime: Ort | undefined;
function ort(): Ort {
  process.env.ORT_DISABLE_TELEMETRY = "1";
  runtime ??= createRequire(import.meta.url)("onnxruntime-node") as Ort;
  return runtime;
}

const providers: Record<Device, InferenceSession.ExecutionProviderConfig[]> = {
  cpu: ["cpu"],
  // NHWC, WebGPU's default layout, computes grouped convolutions wrongly (onnxruntime 1.30)
  webgpu: [{ name: "webgpu", preferredLayout: "NCHW" } as InferenceSession.ExecutionProviderConfig, "cpu"],
  cuda: ["cuda", "cpu"],
};

/** A host tensor and, once it was used, the runtime's view of it. */
interface Held extends EngineTensor {
  view?: Tensor;
}

function view(t: DeviceTensor): Tensor {
  const held = t as Held;
  held.view ??= new (ort().Tensor)(held.dtype as "float32", held.data as unknown as Float32Array, held.shape);
  return held.view;
}

/** What the runtime threw, in one line, with what helps. */
function failure(what: string, device: Device, error: unknown): EspalierError {
  const reason = (error as Error).message.replaceAll(/\s+/g, " ").trim();
  const elsewhere = `"${device}" needs a GPU with its driver and libraries; device "cpu" runs everywhere`;
  const memory = "the model asks for more memory than there is: use a smaller batch, or check its dimensions";
  const fix = /allocate|exceeds the supported maximum|overflow/i.test(reason)
    ? memory
    : "check the model with onnx.checker.check_model(…, full_check=True)";
  return new EspalierError(what, { device, reason }, device === "cpu" ? fix : elsewhere);
}

class NodeSession implements Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  private readonly session: InferenceSession;
  private readonly device: Device;

  constructor(session: InferenceSession, device: Device) {
    this.session = session;
    this.device = device;
    this.inputNames = session.inputNames;
    this.outputNames = session.outputNames;
  }

  async run(feeds: Readonly<Record<string, DeviceTensor>>, into: Readonly<Record<string, DeviceTensor>> = {}) {
    const views: Record<string, Tensor> = {};
    for (const name of this.inputNames) {
      if (!feeds[name]) throw new EspalierError(`input ${name} was not given`, { wanted: this.inputNames.join(", ") });
      views[name] = view(feeds[name]);
    }
    const fetches: Record<string, Tensor | null> = {};
    for (const name of this.outputNames) fetches[name] = into[name] ? view(into[name]) : null;
    const results = await this.session.run(views, fetches as InferenceSession.FetchesType).catch((e) => {
      throw failure("ONNX Runtime cannot run the model", this.device, e);
    });
    const out: Record<string, DeviceTensor> = {};
    for (const name of this.outputNames) {
      const r = results[name];
      out[name] = into[name] ?? ({ dtype: r.type, shape: r.dims, data: r.data as unknown as Float32Array } as Held);
    }
    return out;
  }

  release(): Promise<void> {
    return this.session.release();
  }
}

/**
 * ONNX Runtime in Node.js.
 * @throws UsageError when `threads` or `device` is not valid
 */
export function node({ threads = availableParallelism(), device = "cpu" }: NodeOptions = {}): Engine {
  if (!Number.isInteger(threads) || threads < 1 || threads > MOST_THREADS)
    throw new UsageError("threads is out of range", { got: threads, wanted: `an integer from 1 to ${MOST_THREADS}` });
  if (!Object.hasOwn(providers, device))
    throw new UsageError(`unknown device "${device}"`, { wanted: Object.keys(providers).join(", ") });
  return {
    name: "onnxruntime-node",
    version: ort().env.versions.common,
    threads,
    device,
    async load(model) {
      try {
        const session = await ort().InferenceSession.create(model, {
          executionProviders: providers[device],
          intraOpNumThreads: threads,
          interOpNumThreads: 1,
          logSeverityLevel: 4, // fatal: what it logs as an error, it throws as well
        });
        return new NodeSession(session, device);
      } catch (e) {
        throw failure("ONNX Runtime refuses the model", device, e);
      }
    },
    upload: (t) => ({ dtype: t.dtype, shape: t.shape, data: t.data }) as Held,
    download: async (t) => {
      const { dtype, shape, data } = t as Held;
      return { dtype, shape, data };
    },
  };
}
