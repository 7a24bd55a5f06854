/** conv + norm → a residual block of two convolutions → dense, as small as wanted: coupled groups over several tensors. */
import type { Value } from "../../src/graph/types.ts";
import { torchDefault } from "../../src/models/init.ts";
import { type Layers, network } from "../../src/models/network.ts";

const layer = (n: Layers, name: string, x: Value, out: number): Value =>
  n.batchNorm(`${name}.norm`, n.conv2d(name, x, out, { kernel: 3, padding: 1, bias: false }));

/** Takes [N, 1, side, side]; 6 channels in the stream, 4 within the block. */
export const residualBlock = ({ seed, side, classes }: { seed: number; side: number; classes: number }) =>
  network({ name: "residual block", input: [1, side, side], seed, init: torchDefault }, (n, x) => {
    const stream = n.relu(layer(n, "stem", x, 6));
    const inner = n.relu(layer(n, "inner", stream, 4));
    const sum = n.relu(n.add(layer(n, "outer", inner, 6), stream));
    return n.linear("dense", n.flatten(n.globalAveragePool(sum)), classes);
  });
