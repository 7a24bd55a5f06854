/** A small residual network for 28×28 digits: conv, a block around which its input is added, norms, dense. */
import { torchDefault } from "../../src/models/init.ts";
import { network } from "../../src/models/network.ts";

export const residualNet = () =>
  network({ name: "residual", input: [1, 28, 28], seed: 1, init: torchDefault }, (n, x) => {
    const stem = n.relu(n.batchNorm("bn1", n.conv2d("conv1", x, 6, { kernel: 5, stride: 3, bias: false })));
    const inner = n.batchNorm("bn2", n.conv2d("conv2", stem, 6, { kernel: 3, padding: 1, bias: false }));
    const joined = n.relu(n.add(stem, inner));
    return n.linear("fc", n.flatten(n.maxPool2("pool", joined)), 10);
  });
