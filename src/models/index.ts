/** The built-in networks, by their names in code and on the command line. */

import { UsageError } from "../error.ts";
import { anObject, aText, maybe, wants } from "../given.ts";
import type { Model } from "../graph/types.ts";
import { didYouMean } from "../nearest.ts";
import { cnn6 } from "./cnn6.ts";
import { fcn } from "./fcn.ts";
import { lenet5, lenet5Small } from "./lenet5.ts";
import { logistic } from "./logistic.ts";
import { mlp, mlp7 } from "./mlp.ts";
import type { BuiltIn, ModelOptions } from "./network.ts";
import { resnet20, resnet50 } from "./resnet.ts";
import { vgg16, vgg19, vggSmall } from "./vgg.ts";

const named = { logistic, mlp7, lenet5, lenet5Small, cnn6, vggSmall, vgg16, vgg19, resnet20, resnet50 };

/** The built-in networks as functions: `models.lenet5({ seed: 1 })`. */
export const models = { ...named, mlp, fcn };

/** The built-in networks by their command-line names, in order of size; each carries its `spec`. */
export const builtIns: ReadonlyMap<string, BuiltIn> = new Map(Object.values(named).map((m) => [m.spec.name, m]));

/**
 * An initialized built-in model.
 * @param name its command-line name, for example "lenet5-small"
 * @throws UsageError naming the nearest model when there is none of that name
 */
export function model(name: string, options?: ModelOptions): Model {
  wants("model", ["name", aText, name], ["options", maybe(anObject), options]);
  const build = builtIns.get(name);
  if (build) return build(options);
  const names = [...builtIns.keys()];
  throw new UsageError(
    "unknown-name",
    `no built-in model is called ${name}`,
    { got: name, wanted: names.join(", ") },
    [didYouMean(name, names), "A file must end in .onnx"].filter(Boolean).join(" "),
  );
}
