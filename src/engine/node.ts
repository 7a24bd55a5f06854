/**
 * The engine of Node.js: onnxruntime-node. Its telemetry, on by default, is switched off before the runtime loads.
 */

import { createRequire } from "node:module";
import { availableParallelism, freemem, totalmem } from "node:os";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import type { DType } from "../dtype.ts";
import { EspalierError, UsageError } from "../error.ts";
import { anObject, wants } from "../given.ts";
import type { DeviceTensor, Engine, EngineTensor, LoadOptions, Session } from "./engine.ts";
import { failure } from "./failure.ts";
import { identity } from "./identity.ts";
import { ending, InPlace, wordsOfEnding } from "./in-place.ts";
import { NodeSession, type TensorOwner } from "./node-session.ts";
import { bits, NodeTensor } from "./node-tensor.ts";

/** Where onnxruntime-node can run a graph. */
export type Device = "cpu" | "webgpu" | "cuda";

/** The runtime starts as many threads as it is told to, and a hundred thousand of them exhaust a machine. */
const MOST_THREADS = 1024;

/** Bytes that are free; in a container, of what it may have. Node.js gives no limit as a number that no machine has. */
function freeMemory(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 && limit < totalmem() ? Math.min(freemem(), process.availableMemory()) : freemem();
}

/** Options of `node`. */
export interface NodeOptions {
  /** Threads within an operator. Default: the number of processors. */
  readonly threads?: number;
  /** Where the graph runs. Default "cpu". "cuda" wants the CUDA libraries (see README). */
  readonly device?: Device;
}

type Ort = typeof import("onnxruntime-node");
let runtime: Ort | undefined;
function ort(): Ort {
  if (runtime) return runtime;
  process.env.ORT_DISABLE_TELEMETRY = "1";
  runtime = createRequire(import.meta.url)("onnxruntime-node") as Ort;
  return runtime;
}

/** What a device runs on, and the element types that outputs can have in its memory. */
interface Hardware {
  readonly providers: InferenceSession.ExecutionProviderConfig[];
  readonly holds: readonly DType[];
}

const devices: Readonly<Record<Device, Hardware>> = {
  cpu: { providers: ["cpu"], holds: [] },
  webgpu: {
    // NHWC, WebGPU's default layout, computes grouped convolutions wrongly (onnxruntime 1.30)
    providers: [{ name: "webgpu", preferredLayout: "NCHW" } as InferenceSession.ExecutionProviderConfig, "cpu"],
    holds: ["float32", "float16", "int32", "int64", "uint32", "uint8", "bool"],
  },
  cuda: { providers: ["cuda", "cpu"], holds: [] }, // onnxruntime-node keeps outputs in buffers of WebGPU alone
};

/** The names of all devices; which of them a machine has is seen when a model is loaded. */
export const deviceNames = Object.keys(devices) as readonly Device[];

/** Threads sleep between runs. They would go on spinning for a while, on processors that another session or the host wants by then. */
const idle = { session: { force_spinning_stop: "1" } };

/**
 * What saves memory. The plan of a run's memory is one block, which the second run takes beside what the first one took piece by piece,
 * and which is never given back: twice the memory. Of equal nodes one is computed, whose value waits for all that read it.
 */
const sparing: Readonly<Record<NonNullable<LoadOptions["memory"]>, object>> = {
  less: { enableMemPattern: false },
  least: {
    enableMemPattern: false,
    extra: { ...idle, optimization: { disable_specified_optimizers: "CommonSubexpressionElimination" } },
  },
};

/** With what sessions are made, whatever the device. */
export const sessionOptions = (threads: number, memory?: LoadOptions["memory"]): InferenceSession.SessionOptions => ({
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  logSeverityLevel: 4, // fatal: what it logs as an error, it throws as well
  extra: idle,
  ...(memory && sparing[memory]),
});

class NodeEngine implements Engine, TensorOwner {
  readonly name = "onnxruntime-node";
  readonly version = ort().env.versions.common;
  readonly threads: number;
  readonly device: Device;
  /** Sessions that bring tensors of a type to the host. */
  private readonly readers = new Map<DType, Promise<InferenceSession>>();
  /** What the binding says instead of copying outputs; undefined in it: this one copies always. */
  private words: Promise<string | undefined> | undefined;

  constructor(threads: number, device: Device) {
    this.threads = threads;
    this.device = device;
  }

  async load(model: Uint8Array, { resident = [], memory }: LoadOptions = {}): Promise<Session> {
    const { holds } = devices[this.device];
    if (this.device === "cpu" && resident.length > 0) return this.loadInPlace(model, memory);
    if (holds.length === 0) return new NodeSession(await this.create(model, [], memory), this, false);
    const made = await this.create(model, resident, memory);
    const kept = made.outputMetadata.flatMap((m) =>
      m.isTensor && resident.includes(m.name) && holds.some((dtype) => dtype === m.type) ? [m.name] : [],
    );
    if (kept.length === resident.length) return new NodeSession(made, this, kept.length > 0);
    await made.release(); // the runtime says the types only now, and fails at the first run when a buffer cannot hold one
    return new NodeSession(await this.create(model, kept, memory), this, kept.length > 0);
  }

  private async loadInPlace(model: Uint8Array, memory: LoadOptions["memory"]): Promise<Session> {
    this.words ??= wordsOfEnding(ort(), (bytes) => this.create(bytes, []));
    const words = await this.words;
    if (words === undefined) return new NodeSession(await this.create(model, [], memory), this, false);
    const session = await this.create(ending(model), [], memory);
    return new NodeSession(session, this, false, (declared) => new InPlace(ort(), words, declared));
  }

  private async create(
    model: Uint8Array,
    resident: readonly string[],
    memory?: LoadOptions["memory"],
  ): Promise<InferenceSession> {
    const places = Object.fromEntries(resident.map((name) => [name, "gpu-buffer" as const]));
    try {
      return await ort().InferenceSession.create(model, {
        executionProviders: devices[this.device].providers,
        ...sessionOptions(this.threads, memory),
        ...(resident.length > 0 && { preferredOutputLocation: places }),
      });
    } catch (e) {
      throw failure("ONNX Runtime refuses the model", this.device, e);
    }
  }

  available(): number {
    return this.device === "cpu" ? freeMemory() : Number.POSITIVE_INFINITY;
  }

  used(): number {
    return this.device === "cpu" ? process.memoryUsage.rss() : 0;
  }

  computed(): number {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  }

  upload({ dtype, shape, data }: EngineTensor): DeviceTensor {
    if (dtype === "bfloat16")
      throw new EspalierError(
        "unsupported",
        "onnxruntime-node takes no tensor of this type",
        { got: "bfloat16" },
        "convert it to float32, and cast inside the model",
      );
    return new NodeTensor(this, new (ort().Tensor)(dtype as "float32", data as Float32Array, shape), dtype);
  }

  async download(t: DeviceTensor): Promise<EngineTensor> {
    const tensor = this.open(t);
    const { dtype, shape } = t;
    if (tensor.location === "cpu") return { dtype, shape, data: bits(tensor.data) };
    const { y } = await (await this.reader(dtype)).run({ x: tensor });
    return { dtype, shape, data: bits(y.data) };
  }

  private reader(dtype: DType): Promise<InferenceSession> {
    const made = this.readers.get(dtype) ?? this.create(identity(dtype), []);
    this.readers.set(dtype, made);
    return made;
  }

  dispose(t: DeviceTensor): void {
    this.own(t).dispose();
  }

  async release(): Promise<void> {
    const all = await Promise.allSettled(this.readers.values()); // what failed to load has nothing to free
    this.readers.clear();
    for (const made of all) if (made.status === "fulfilled") await made.value.release();
  }

  open(t: DeviceTensor): Tensor {
    return this.own(t).tensor;
  }

  private own(t: DeviceTensor): NodeTensor {
    if (t instanceof NodeTensor && t.owner === this) return t;
    throw new EspalierError(
      "misuse",
      "a tensor is used that another engine made",
      { got: `${t.dtype}[${t.shape.join(",")}]` },
      "upload it with the engine that runs the session",
    );
  }

  failed(error: unknown): EspalierError {
    return failure("ONNX Runtime cannot run the model", this.device, error);
  }
}

/**
 * ONNX Runtime in Node.js.
 * @throws UsageError when `threads` or `device` is not valid
 */
export function node(options: NodeOptions = {}): Engine {
  wants("node", ["options", anObject, options]);
  const { threads = availableParallelism(), device = "cpu" } = options;
  if (!Number.isInteger(threads) || threads < 1 || threads > MOST_THREADS)
    throw new UsageError("out-of-range", "threads is out of range", {
      got: threads,
      wanted: `an integer from 1 to ${MOST_THREADS}`,
    });
  if (!Object.hasOwn(devices, device))
    throw new UsageError("unknown-name", `unknown device "${device}"`, { wanted: Object.keys(devices).join(", ") });
  return new NodeEngine(threads, device);
}
