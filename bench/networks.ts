/** The networks whose steps are timed: the built-in ones, and those of step_networks.py, which are read from its files. */
import { join } from "node:path";
import { size } from "../src/graph/tensor.ts";
import type { Model } from "../src/graph/types.ts";
import type { Random } from "../src/math/random.ts";
import { builtIns } from "../src/models/index.ts";
import { readModel } from "../src/node/model-files.ts";
import type { InputPlan } from "../src/step/input.ts";
import { freezeParameters, frozen } from "../src/train/freeze.ts";

/** What a sample holds: pixels of a byte, tokens below 4,096, numbers around zero. */
type Samples = "pixels" | "tokens" | "numbers";

/** By name, as in step_networks.py. */
const exported: Readonly<Record<string, { readonly sample: readonly number[]; readonly holds: Samples }>> = {
  "mobilenet-v2": { sample: [3, 32, 32], holds: "pixels" },
  "vit-small": { sample: [3, 32, 32], holds: "pixels" },
  "bert-small": { sample: [64], holds: "tokens" },
  lstm: { sample: [28, 28], holds: "numbers" },
};

/** Names of the networks that need files. */
export const exportedNames = Object.keys(exported);
/** Names of all networks, the built-in ones first. */
export const networkNames = [...builtIns.keys(), ...exportedNames];

/** How samples travel, and how `n` numbers of them are drawn. */
const kinds: Readonly<
  Record<
    Samples,
    {
      readonly dtype: InputPlan["dtype"];
      draw(random: Random, n: number): Uint8Array | Int32Array | Float32Array;
    }
  >
> = {
  pixels: { dtype: "uint8", draw: (random, n) => new Uint8Array(n).map(() => random.int(256)) },
  tokens: { dtype: "int32", draw: (random, n) => new Int32Array(n).map(() => random.int(4096)) },
  numbers: { dtype: "float32", draw: (random, n) => new Float32Array(n).map(() => 2 * random.uniform() - 1) },
};

/** A network ready to be trained on random samples of ten classes. */
export interface Network {
  readonly model: Model;
  readonly input: InputPlan;
  batch(
    random: Random,
    count: number,
  ): {
    readonly x: Uint8Array | Int32Array | Float32Array;
    readonly y: Int32Array;
    readonly count: number;
  };
}

/**
 * @param files the folder of step_networks.py's files
 * @throws EspalierError naming the file that is not there
 */
export async function networkOf(name: string, files = ""): Promise<Network> {
  const build = builtIns.get(name);
  const { sample, holds } = build ? { sample: build.spec.input, holds: "pixels" as const } : exported[name];
  const half = Array.from({ length: sample[0] }, () => 0.5);
  const { dtype, draw } = kinds[holds];
  return {
    model: build ? build({ seed: 1 }) : trainable(await readModel(join(files, `${name}.onnx`))),
    input: { dtype, sample, ...(holds === "pixels" && { normalization: { mean: half, std: half } }) },
    batch: (random, count) => ({
      x: draw(random, count * size(sample)),
      y: new Int32Array(count).map(() => random.int(10)),
      count,
    }),
  };
}

/** A model as it is trained: what is taken for a constant is none of its parameters. */
export const trainable = (model: Model): Model => ({
  ...model,
  graph: freezeParameters(model.graph, frozen(model, {})),
});
