/** Where a model comes from: built in, or from a file or folder. */
import { statSync } from "node:fs";
import { builtIns } from "espalier";

/** Whether --model names a file or a folder. */
export const isFromFile = (model: string): boolean =>
  model.endsWith(".onnx") ||
  (!builtIns.has(model) && (statSync(model, { throwIfNoEntry: false })?.isDirectory() ?? false));
