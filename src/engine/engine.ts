/**
 * What Espalier asks of a runtime: load a model's bytes, run it, keep tensors where the runtime wants them.
 * `node.ts` implements it on onnxruntime-node. The caller passes an engine in; nothing is detected at import.
 */

/** A tensor in host memory. */
export interface EngineTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: ArrayBufferView & { readonly length: number };
}

/** A tensor held by an engine, in host or device memory. Only the engine that made it looks inside. */
export interface DeviceTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** A loaded model. */
export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * Runs the model once.
   * @param feeds one tensor per input
   * @param into tensors to write outputs to, by output name; they must not be among the feeds. Others are allocated.
   * @returns every output by name; those of `into` are the same handles
   */
  run(
    feeds: Readonly<Record<string, DeviceTensor>>,
    into?: Readonly<Record<string, DeviceTensor>>,
  ): Promise<Record<string, DeviceTensor>>;
  /** Frees the runtime's memory. The session cannot be used afterwards. */
  release(): Promise<void>;
}

/** A runtime. */
export interface Engine {
  /** The runtime, for example "onnxruntime-node". */
  readonly name: string;
  readonly version: string;
  readonly threads: number;
  readonly device: string;
  load(model: Uint8Array): Promise<Session>;
  /** Makes a handle on a host tensor. On the CPU the memory is shared, not copied. */
  upload(t: EngineTensor): DeviceTensor;
  /** The tensor in host memory. On the CPU the memory is shared, not copied. */
  download(t: DeviceTensor): Promise<EngineTensor>;
}

/** Uploads, runs once, downloads every output. */
export async function runOnce(
  session: Session,
  engine: Engine,
  feeds: Readonly<Record<string, EngineTensor>>,
): Promise<Record<string, EngineTensor>> {
  const uploaded = Object.fromEntries(Object.entries(feeds).map(([k, t]) => [k, engine.upload(t)]));
  const out = await session.run(uploaded);
  const results: Record<string, EngineTensor> = {};
  for (const [k, t] of Object.entries(out)) results[k] = await engine.download(t);
  return results;
}
