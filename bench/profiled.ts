/** A training step under ONNX Runtime's profiler: the very model that the trainer ran, with what it was fed. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { dictionary } from "../src/dictionary.ts";
import type { Engine, EngineTensor, HostTensors, LoadOptions, Session } from "../src/engine/engine.ts";
import { sessionOptions } from "../src/engine/node.ts";
import { type Kernel, kernelsOf, type ProfileEvent } from "./kernels.ts";

/** A model that was run. */
export interface Ran {
  readonly bytes: Uint8Array;
  readonly memory: LoadOptions["memory"];
  readonly feeds: HostTensors;
}

/** An engine that does what another one does, and the largest model that ran on it. */
export function watched(engine: Engine): { readonly engine: Engine; ran(): Ran } {
  let largest: Ran | undefined;
  const watch = (session: Session, bytes: Uint8Array, memory: LoadOptions["memory"]): Session => ({
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds, into) {
      if (bytes.length > (largest?.bytes.length ?? 0)) {
        const held = dictionary<EngineTensor>();
        for (const name of session.inputNames) held[name] = await engine.download(feeds[name]);
        largest = { bytes, memory, feeds: held };
      }
      return session.run(feeds, into);
    },
    release: () => session.release(),
  });
  const { name, version, threads, device } = engine;
  return {
    engine: {
      ...{ name, version, threads, device },
      available: () => engine.available?.() ?? Number.POSITIVE_INFINITY,
      async load(model, options) {
        const bytes = model.slice(); // whoever gave it may write over it
        return watch(await engine.load(model, options), bytes, options?.memory);
      },
      upload: (t) => engine.upload(t),
      download: (t) => engine.download(t),
      dispose: (t) => engine.dispose(t),
      release: () => engine.release(),
    },
    ran() {
      if (!largest) throw new Error("nothing was run");
      return largest;
    },
  };
}

/** Runs that do not count. */
const WARM_UP = 2;

/** What each kernel took, by median of so many runs. @param folder for the profiler's file while it is needed */
export async function profiled(
  { bytes, memory, feeds }: Ran,
  threads: number,
  runs: number,
  folder: string,
): Promise<Kernel[]> {
  const ort = createRequire(import.meta.url)("onnxruntime-node") as typeof import("onnxruntime-node");
  mkdirSync(folder, { recursive: true });
  const place = mkdtempSync(join(folder, "profile-"));
  try {
    const session = await ort.InferenceSession.create(bytes, {
      ...sessionOptions(threads, memory),
      enableProfiling: true,
      profileFilePrefix: join(place, "step"),
    });
    const given = Object.fromEntries(
      Object.entries(feeds).map(([name, { dtype, data, shape }]) => [
        name,
        new ort.Tensor(dtype as "float32", data as Float32Array, shape),
      ]),
    );
    for (let i = 0; i < WARM_UP + runs; i++) await session.run(given);
    session.endProfiling();
    await session.release();
    const [file] = readdirSync(place);
    return kernelsOf(JSON.parse(readFileSync(join(place, file), "utf8")) as ProfileEvent[], WARM_UP);
  } finally {
    rmSync(place, { recursive: true });
  }
}
