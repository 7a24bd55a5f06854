/** An engine that knows which of its tensors were not disposed of yet. */
import type { DeviceTensor, DeviceTensors, Engine, LoadOptions, Session } from "../../src/engine/engine.ts";

/** @returns the engine with another face, and the tensors that are alive */
export function counted(engine: Engine): { engine: Engine; alive: ReadonlySet<DeviceTensor> } {
  const alive = new Set<DeviceTensor>();
  const watched = (session: Session): Session => ({
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds: DeviceTensors, into?: DeviceTensors) {
      const out = await session.run(feeds, into);
      for (const t of Object.values(out)) alive.add(t);
      return out;
    },
    release: () => session.release(),
  });
  const face: Engine = {
    name: engine.name,
    version: engine.version,
    threads: engine.threads,
    device: engine.device,
    load: async (model: Uint8Array, options?: LoadOptions) => watched(await engine.load(model, options)),
    upload(t) {
      const handle = engine.upload(t);
      alive.add(handle);
      return handle;
    },
    download: (t) => engine.download(t),
    dispose(t) {
      alive.delete(t);
      engine.dispose(t);
    },
    release: () => engine.release(),
  };
  return { engine: face, alive };
}
