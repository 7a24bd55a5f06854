/** Gradients of random networks, in float64, beside central differences. */
import { compareGradients } from "../graphs/gradients.ts";
import { randomModel } from "../graphs/random-model.ts";
import type { Suite } from "../suite.ts";

export const differGradients: Suite = {
  name: "differ-gradients",
  about: "random networks in float64: gradients beside central differences",
  share: 2,
  processorSeconds: 4,
  run: ({ random, keep }) =>
    compareGradients(randomModel(random, { most: 8 }), random, (bytes) => keep("gradients.onnx", bytes)),
};
