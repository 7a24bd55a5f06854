/** What ran a model. */
import type { Engine } from "../engine/engine.ts";

/** What an engine says of itself. */
export const engineEnvironment = (engine: Engine) => ({
  [engine.name]: engine.version,
  device: engine.device,
  threads: engine.threads,
});
