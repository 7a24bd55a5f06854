/**
 * What Espalier asks of a runtime: load a model's bytes, run it, keep tensors where the runtime wants them.
 * `node.ts` implements it on onnxruntime-node. The caller passes an engine in; nothing is detected at import.
 * Every engine passes the suite of test/support/engine-suite.ts.
 */
import { dictionary } from "../dictionary.ts";
import type { Data, DType } from "../dtype.ts";

/** A tensor in host memory. */
export interface EngineTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Data;
}

/** Tensors in host memory by name. */
export type HostTensors = Readonly<Record<string, EngineTensor>>;

/** A tensor held by an engine, in host or device memory, until it is disposed of. Only the engine that made it looks inside. */
export interface DeviceTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** Tensors of an engine by name. */
export type DeviceTensors = Readonly<Record<string, DeviceTensor>>;

/** A loaded model. */
export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * Runs the model once. Runs may be started before others have ended.
   * @param feeds one tensor per input; what is no input is ignored
   * @param into tensors that become outputs, by output name: what they held is overwritten. They must not be among the
   *   feeds, and have the output's type and shape. The other outputs are tensors of their own, the caller's to dispose of.
   * @returns every output by name; those of `into` are the same handles
   * @throws EspalierError when a feed is missing, is not of the input's type and shape, was disposed of or is another
   *   engine's; when the session was released; when the runtime fails
   */
  run(feeds: DeviceTensors, into?: DeviceTensors): Promise<Record<string, DeviceTensor>>;
  /** Frees the runtime's memory, when called again nothing. The session cannot be used afterwards; its outputs can. */
  release(): Promise<void>;
}

/** Options of `Engine.load`. */
export interface LoadOptions {
  /**
   * Outputs that stay on the device: to be fed to further runs without a way through host memory. The others come to the
   * host with the run, which is cheaper for what is downloaded anyway. An engine whose device is the host can write into targets
   * without a copy then. Types that a device does not hold (float64 …) stay on the host.
   */
  readonly resident?: readonly string[];
  /** Whether to save memory where that costs time: "less", a few microseconds for each operator, or "least", which computes again what could be kept. Default: not. */
  readonly memory?: "less" | "least";
}

/** What was timed on a machine, kept from one run to the next: entries by their keys, of what they hold for. */
export interface Trials {
  /** {} for nothing. */
  read(of: string): Promise<Readonly<Record<string, unknown>>>;
  /** Adds entries to what is there. */
  write(of: string, entries: Readonly<Record<string, unknown>>): Promise<void>;
}

/** A runtime. */
export interface Engine {
  /** The runtime, for example "onnxruntime-node". */
  readonly name: string;
  readonly version: string;
  readonly threads: number;
  readonly device: string;
  /** Milliseconds that this process has computed so far, all its threads together. Absent = nobody knows. */
  computed?(): number;
  /** Where what is timed on it is kept. Absent = nowhere. */
  readonly trials?: Trials;
  /** Bytes of memory that are free where graphs run; infinity where nobody knows. Absent = nobody knows. */
  available?(): number;
  /** Bytes of that memory that this process has. Absent = nobody knows. */
  used?(): number;
  /**
   * @param model a file; whoever loads it may write over its bytes afterwards
   * @throws EspalierError when the runtime refuses the model or the device is not there
   */
  load(model: Uint8Array, options?: LoadOptions): Promise<Session>;
  /**
   * Makes a handle on a host tensor. On the CPU the memory is shared, not copied: whoever writes to it afterwards writes
   * to the handle, and a run that is given the handle in `into` may write to it.
   * @throws EspalierError when the runtime does not hold this type
   */
  upload(t: EngineTensor): DeviceTensor;
  /** The tensor in host memory. On the CPU the memory is shared, not copied, and outlives the handle. */
  download(t: DeviceTensor): Promise<EngineTensor>;
  /** Frees a tensor's memory on the device; when called again, nothing. The handle cannot be used afterwards. */
  dispose(t: DeviceTensor): void;
  /** Frees what the engine itself made on the device. Sessions and tensors have their own. */
  release(): Promise<void>;
}

/** Loads a model whose bytes nothing holds afterwards, as a function that waits would that has them itself. */
export const loaded = (engine: Engine, model: () => Uint8Array | Promise<Uint8Array>): Promise<Session> =>
  Promise.resolve(model()).then((bytes) => engine.load(bytes));

/** Uploads, runs once, downloads every output. */
export async function runOnce(
  session: Session,
  engine: Engine,
  feeds: HostTensors,
): Promise<Record<string, EngineTensor>> {
  return withUploaded(engine, feeds, async (uploaded) => {
    const out = await session.run(uploaded);
    const results = dictionary<EngineTensor>();
    for (const [k, t] of Object.entries(out)) results[k] = await take(engine, t);
    return results;
  });
}

/** Downloads a tensor and disposes of it. */
export async function take(engine: Engine, t: DeviceTensor): Promise<EngineTensor> {
  const host = await engine.download(t);
  engine.dispose(t);
  return host;
}

/** Does something with host tensors as an engine's, and disposes of them. */
export async function withUploaded<T>(
  engine: Engine,
  tensors: HostTensors,
  use: (uploaded: DeviceTensors) => Promise<T>,
): Promise<T> {
  const uploaded = dictionary(Object.entries(tensors).map(([k, t]) => [k, engine.upload(t)] as const));
  try {
    return await use(uploaded);
  } finally {
    disposeAll(engine, uploaded);
  }
}

/** Disposes of every tensor. */
export function disposeAll(engine: Engine, tensors: DeviceTensors): void {
  for (const t of Object.values(tensors)) engine.dispose(t);
}
