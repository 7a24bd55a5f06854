/**
 * The six-layer network of Keras' CIFAR-10 example, with Keras' initial weights: four convolutions 3×3, two dense layers, dropout.
 * Chao et al. (2020) compare gRDA with SGD and Adam on it.
 */

import type { Value } from "../graph/types.ts";
import { glorotUniform, zero } from "./init.ts";
import { builtIn, type Layers } from "./network.ts";

const stage = (n: Layers, index: number, x: Value, out: number): Value => {
  const padded = n.relu(n.conv2d(`conv${index}`, x, out, { kernel: 3, padding: 1 }));
  const bare = n.relu(n.conv2d(`conv${index + 1}`, padded, out, { kernel: 3 }));
  return n.dropout(n.maxPool2(`pool${(index + 1) / 2}`, bare), 0.25);
};

/** Conv 32, 32, pool, conv 64, 64, pool, dense 512: 1,250,858 parameters at 3×32×32. */
export const cnn6 = builtIn(
  { name: "cnn6", about: "Keras' six-layer CIFAR-10 network, with dropout", input: [3, 32, 32], classes: 10 },
  (n, x, classes) => {
    const features = n.flatten(stage(n, 3, stage(n, 1, x, 32), 64));
    return n.linear("fc2", n.dropout(n.relu(n.linear("fc1", features, 512)), 0.5), classes);
  },
  { conv: { weight: glorotUniform, bias: zero }, linear: { weight: glorotUniform, bias: zero } },
);
