/** Multi-layer perceptrons: dense layers with ReLU between them. */

import { UsageError } from "../error.ts";
import { aList, anObject, maybe, wants } from "../given.ts";
import { size } from "../graph/tensor.ts";
import type { Model, Shape, Value } from "../graph/types.ts";
import { torchDefault } from "./init.ts";
import { builtIn, type Layers, network } from "./network.ts";

/** Options of `mlp`. */
export interface MlpOptions {
  /** Widths from the input to the output, at least two. */
  readonly sizes: readonly number[];
  /** Any integer. Default 0. */
  readonly seed?: number;
  /** Shape of one sample, for example [1, 28, 28]; it is flattened. Default: [sizes[0]]. */
  readonly input?: Shape;
}

function dense(n: Layers, x: Value, widths: readonly number[]): Value {
  return widths.reduce((y, width, i) => n.linear(`fc${i + 1}`, i === 0 ? y : n.relu(y), width), n.flatten(x));
}

/** An MLP of any sizes; parameters are fc1.weight [out, in], fc1.bias, fc2.weight … */
export function mlp(options: MlpOptions): Model {
  wants(
    "mlp",
    ["options", anObject, options],
    ["sizes", aList, options, "sizes"],
    ["input", maybe(aList), options, "input"],
  );
  const { sizes, seed = 0, input = sizes.slice(0, 1) } = options;
  const got = `[${sizes.join(", ")}]`;
  if (sizes.length < 2 || !sizes.every((d) => Number.isSafeInteger(d) && d > 0))
    throw new UsageError("out-of-range", "mlp got wrong sizes", { got, wanted: "at least two positive integers" });
  if (size(input) !== sizes[0])
    throw new UsageError(
      "mismatch",
      "mlp's sizes do not fit its input",
      { got: `sizes ${got}, input [${input.join(", ")}]`, wanted: `sizes[0] = ${size(input)}` },
      "make the first size the number of elements of a sample",
    );
  return network({ name: "mlp", input, seed, init: torchDefault }, (n, x) => dense(n, x, sizes.slice(1)));
}

/** The RMDA paper's 7-layer network, 784-512-256-128-64-32-16-10 by default: 577,178 parameters. */
export const mlp7 = builtIn(
  { name: "mlp7", about: "7 dense layers, 512 … 16 wide", input: [1, 28, 28], classes: 10 },
  (n, x, classes) => dense(n, x, [512, 256, 128, 64, 32, 16, classes]),
);
