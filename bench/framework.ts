/** What every other framework in JavaScript is given: its packages from a folder of the user's, and Espalier's own batch. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Graph } from "../src/graph/types.ts";
import { Random } from "../src/math/random.ts";
import { networkOf } from "./networks.ts";

export interface FrameworkTask {
  /** Of `frameworks` in javascript-child.ts. */
  readonly framework: string;
  /** A folder with node_modules that has the frameworks. */
  readonly modules: string;
  readonly model: string;
  readonly batch: number;
}

/** A step that stands ready. */
export interface FrameworkStep {
  readonly version: string;
  /** @returns the loss before the update */
  once(): Promise<number>;
}

/** @throws Error saying how to have the package */
export async function imported<T>(folder: string, name: string): Promise<T> {
  let file: string;
  try {
    file = createRequire(join(folder, "from-here.js")).resolve(name);
  } catch (error) {
    throw new Error(`no ${name} in ${folder}: npm install --prefix ${folder} ${name} (${(error as Error).message})`);
  }
  const loaded = await import(pathToFileURL(file).href);
  return "default" in loaded ? loaded.default : loaded;
}

/** The version of a package in that folder. */
export function versionOf(folder: string, name: string): string {
  let at = dirname(createRequire(join(folder, "from-here.js")).resolve(name));
  while (!existsSync(join(at, "package.json"))) at = dirname(at);
  return JSON.parse(readFileSync(join(at, "package.json"), "utf8")).version;
}

/** The network of a task with the batch and the rates that Espalier is timed with. */
export async function taskBatch({ model, batch }: FrameworkTask): Promise<{
  readonly graph: Graph;
  readonly x: Float32Array;
  readonly shape: readonly number[];
  readonly y: Int32Array;
  readonly lr: number;
  readonly momentum: number;
}> {
  const network = await networkOf(model);
  const { x, y } = network.batch(new Random(1, "digits"), batch);
  return {
    graph: network.model.graph,
    x: Float32Array.from(x, (pixel) => (pixel / 255 - 0.5) / 0.5),
    shape: [batch, ...network.input.sample],
    y,
    lr: 0.01,
    momentum: 0.9,
  };
}
