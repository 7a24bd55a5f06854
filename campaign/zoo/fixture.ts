/** The zoo: small variants of real models as exporters write them, with what PyTorch computes (test/fixtures/zoo/make.py). */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { size, tensor } from "../../src/graph/tensor.ts";
import type { Tensor } from "../../src/graph/types.ts";

/** What a model is called, and what it is one of. */
type Family = "convolutional" | "transformer" | "recurrent";

/** The six ways in which each model is exported: from the default call with one sample, and with an open batch (and sequence). */
const WAYS = ["training", "eval", "dynamo", "training-dynamic", "eval-dynamic", "dynamo-dynamic"] as const;
type Way = (typeof WAYS)[number];

/** Norm, four products with noise, and how far PyTorch's own gradient in float32 is from it, relative to the norm. */
type Gradient = readonly number[];

/** One exported file, as make.py describes it. */
type Described =
  | { readonly failed: string }
  | {
      /** What each stored tensor is that comes from parameters: a key of `gradients`. The others are constants. */
      readonly parameters: Readonly<Record<string, string>>;
      /** PyTorch's parameters that no stored tensor holds. */
      readonly missing: readonly string[];
    };

interface Expected {
  readonly family: Family;
  readonly weights: number;
  readonly inputs: readonly {
    readonly name: string;
    readonly dtype: "float32" | "int64";
    readonly shape: readonly number[];
    /** The numbers are `data` over this. */
    readonly over: number;
    readonly data: readonly number[];
  }[];
  readonly outputs: readonly { readonly shape: readonly number[]; readonly data: readonly number[] }[];
  readonly loss: number;
  readonly gradients: Readonly<Record<string, Gradient>>;
  readonly files: Readonly<Record<Way, Described>>;
}

/** A model of the zoo. */
export interface Animal extends Expected {
  readonly name: string;
  readonly folder: string;
}

/** One of its files, with what PyTorch says of it. */
export interface Exported {
  readonly animal: Animal;
  readonly way: Way;
  readonly bytes: Uint8Array;
  readonly parameters: Readonly<Record<string, string>>;
  readonly missing: readonly string[];
}

/** All models, by name. @param root the folder of the fixtures */
export function zoo(root: string): Animal[] {
  const names = readdirSync(root).filter((name) => existsSync(join(root, name, "expected.json")));
  return names.sort().map((name) => {
    const folder = join(root, name);
    return { name, folder, ...(JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) as Expected) };
  });
}

/** The files of a model that its exporter wrote. */
export const exportsOf = (animal: Animal): Exported[] =>
  WAYS.flatMap((way) => {
    const file = animal.files[way];
    if ("failed" in file) return [];
    const bytes = new Uint8Array(readFileSync(join(animal.folder, `${way}.onnx`)));
    return [{ animal, way, bytes, ...file }];
  });

/** What the exporter refused, and why. */
export const notExported = (animal: Animal): { way: Way; why: string }[] =>
  WAYS.flatMap((way) => {
    const file = animal.files[way];
    return "failed" in file ? [{ way, why: file.failed }] : [];
  });

/** The stored samples as tensors, in the order of the model's inputs. */
export const samples = ({ inputs }: Animal): Tensor[] =>
  inputs.map(({ dtype, shape, over, data }) =>
    dtype === "int64"
      ? tensor(dtype, shape, BigInt64Array.from(data, BigInt))
      : tensor(
          dtype,
          shape,
          Float32Array.from(data, (x) => x / over),
        ),
  );

/** One sample of a tensor that holds several. */
export function oneSample({ dtype, shape, data }: Tensor, at: number): Tensor {
  const [, ...rest] = shape;
  return tensor(dtype, [1, ...rest], data.slice(at * size(rest), (at + 1) * size(rest)) as Tensor["data"]);
}

/** Hashes (seed, element) to [−1, 1), as make.py does. */
export function noise(seed: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    let h = (Math.imul(i, 0x9e3779b1) + Math.imul(seed + 1, 0x85ebca77)) >>> 0;
    h = (h ^ (h >>> 15)) >>> 0;
    h = Math.imul(h, 0x2c1b3c6d) >>> 0;
    h = (h ^ (h >>> 13)) >>> 0;
    return h / 2 ** 31 - 1;
  });
}
