/**
 * The fully connected networks of the LoRITa paper (Zhang, Alkhouri & Wang 2024) on MNIST: dense layers of one width, each followed
 * by batch norm, the last one too, with ReLU between them.
 */

import { isInteger } from "../checks.ts";
import { UsageError } from "../error.ts";
import { aList, anObject, maybe, wants } from "../given.ts";
import type { Model, Shape } from "../graph/types.ts";
import { torchDefault } from "./init.ts";
import { network } from "./network.ts";

/** Options of `fcn`. */
export interface FcnOptions {
  /** Number of dense layers, at least 2; 6, 8 and 10 in the paper. */
  readonly depth: number;
  /** Outputs of every layer but the last. Default 96. */
  readonly width?: number;
  /** Default 10. */
  readonly classes?: number;
  /** Shape of one sample; it is flattened. Default [1, 28, 28]. */
  readonly input?: Shape;
  /** Any integer. Default 0. */
  readonly seed?: number;
}

/** An FCN; parameters are fc1.weight [out, in], fc1.bias, bn1.weight, bn1.bias, bn1.running_mean … */
export function fcn(options: FcnOptions): Model {
  wants("fcn", ["options", anObject, options], ["input", maybe(aList), options, "input"]);
  const { depth, width = 96, classes = 10, input = [1, 28, 28], seed = 0 } = options;
  for (const [what, x, least] of [
    ["depth", depth, 2],
    ["width", width, 1],
    ["number of classes", classes, 1],
  ] as const)
    if (!isInteger(x, least))
      throw new UsageError("out-of-range", `fcn got a wrong ${what}`, { got: x, wanted: `an integer ≥ ${least}` });
  return network({ name: "fcn", input, seed, init: torchDefault }, (n, x) => {
    let y = n.flatten(x);
    for (let i = 1; i <= depth; i++) {
      const from = i === 1 ? y : n.relu(y);
      y = n.batchNorm(`bn${i}`, n.linear(`fc${i}`, from, i === depth ? classes : width));
    }
    return y;
  });
}
