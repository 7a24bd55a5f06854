/** The losses by their names as settings. */
import { binaryCrossEntropy, crossEntropy, type Loss, meanSquaredError } from "espalier";
import { choice } from "./field.ts";

const names = ["crossEntropy", "mse", "bce"] as const;

export const losses: Readonly<Record<(typeof names)[number], (options: { labelSmoothing?: number }) => Loss>> = {
  crossEntropy,
  mse: meanSquaredError,
  bce: binaryCrossEntropy,
};

export const lossField = choice("cross-entropy (default), mse or bce", names);
