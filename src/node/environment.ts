/** Versions and machine, as run.json and reports show them. */

import { existsSync, readFileSync } from "node:fs";
import { arch, platform } from "node:os";
import type { Engine } from "../engine/engine.ts";
import { anEngine, wants } from "../given.ts";
import { engineEnvironment } from "../pipeline/environment.ts";

/** Of the package that this file belongs to: as source in src/node/, or built into dist/src/node/. */
const file = ["../../package.json", "../../../package.json"]
  .map((path) => new URL(path, import.meta.url))
  .find(existsSync)!;

/** Espalier's own version. */
export const version: string = JSON.parse(readFileSync(file, "utf8")).version;

/** Versions of Espalier, the runtime and Node.js, the platform, the engine's device and threads: for `finish` and `compare`. */
export function environment(engine: Engine): Readonly<Record<string, string | number>> {
  wants("environment", ["engine", anEngine, engine]);
  const { device, threads, ...runtime } = engineEnvironment(engine);
  return {
    espalier: version,
    ...runtime,
    node: process.versions.node,
    platform: `${platform()} ${arch()}`,
    device,
    threads,
  };
}
